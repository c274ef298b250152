"""Where Kafka is away; what it keeps is tested in test_decisions, against a real one."""

import time
from contextlib import suppress
from threading import Thread

import pytest

from serving.calls import KafkaAwayError
from serving.ledger import BLOCK_MS, Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger({"bootstrap_servers": "127.0.0.1:1"})  # Nothing listens there.


@pytest.mark.parametrize("timeout_s", [-1.0, 0.0, 0.2])
def test_nothing_is_promised_without_kafka_and_no_longer_waited_than_asked(ledger: Ledger, timeout_s: float) -> None:
    began = time.monotonic()
    with pytest.raises(KafkaAwayError, match="send the same again"):
        ledger.keep("labels", b"key", b"value", timeout_s)
    assert time.monotonic() - began < timeout_s + BLOCK_MS / 1_000
    ledger.close()


def test_who_waits_for_another_ones_connection_waits_no_longer_than_asked(ledger: Ledger) -> None:
    def keep_long() -> None:
        with suppress(KafkaAwayError):
            ledger.keep("labels", b"key", b"value", BLOCK_MS / 1_000)

    first = Thread(target=keep_long)
    first.start()
    time.sleep(0.1)
    began = time.monotonic()
    with pytest.raises(KafkaAwayError):
        ledger.keep("labels", b"key", b"value", 0.1)
    assert time.monotonic() - began < BLOCK_MS / 2_000
    first.join()
    ledger.close()
