import time
from typing import Any

import pytest

from tests.wiregraph.kafka_topics import Tail
from udfs.topics import LATE
from wiregraph import producing
from wiregraph.errors import Failure
from wiregraph.producing import Outgoing, open_sender

pytestmark = pytest.mark.jvm


@pytest.fixture
def options(stack_broker: str) -> dict[str, Any]:
    return {"bootstrap_servers": stack_broker}


def test_everything_is_acknowledged_and_arrives_in_order_per_key(options: dict[str, Any]) -> None:
    tail = Tail(options, LATE)
    with open_sender(options, LATE) as sender:
        for number in range(2_000):
            assert sender.send(Outgoing(LATE, b"k", b"%d" % number, number))
        sender.flush()
        assert sender.acknowledged == 2_000
    records = tail.records()
    assert [(record.value, record.timestamp) for record in records] == [(b"%d" % n, n) for n in range(2_000)]


def test_memory_is_bounded_by_waiting(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "WAITING_BYTES_MAX", 1_000)
    with open_sender(options, LATE) as sender:
        for _ in range(50):
            sender.send(Outgoing(LATE, None, b"x" * 300, 1))
            assert sender._sent_bytes - sender._acknowledged_bytes <= 1_000
        sender.flush()
        assert sender.acknowledged == 50


def test_one_record_larger_than_the_bound_goes_alone(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "WAITING_BYTES_MAX", 10)
    with open_sender(options, LATE) as sender:
        assert sender.send(Outgoing(LATE, None, b"x" * 300, 1))
        sender.flush()


def test_what_kafka_refuses_fails_with_the_count(options: dict[str, Any]) -> None:
    with open_sender(options, LATE) as sender:
        sender.send(Outgoing(LATE, None, b"fine", 1))
        sender.flush()
        sender.send(Outgoing(LATE, None, b"of tomorrow", (time.time_ns() // 1_000_000) + 86_400_000))
        with pytest.raises(Failure, match=r"acknowledged 1 records, then: .*"):
            sender.flush()


def test_a_topic_that_is_missing_says_what_to_do(options: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"), open_sender(options, "nowhere"):
        pass
