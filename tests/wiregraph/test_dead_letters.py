import base64
import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.consumer.fetcher import ConsumerRecord
from typer.testing import CliRunner

from tests.wiregraph.kafka_topics import Tail
from udfs.topics import DEAD_LETTERS, NEWS
from wiregraph.cli import app
from wiregraph.dead_letters import Letter, parse_letter
from wiregraph.errors import Failure
from wiregraph.producing import Outgoing, open_sender

BASE_MS = 1_220_241_600_000
PAYLOAD = b"\xff\x1b[31m not JSON"


def letter_value(record: ConsumerRecord, reason: str) -> bytes:
    return orjson.dumps(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "reason": reason,
            "detail": "why",
            "payload_sha256": hashlib.sha256(record.value).hexdigest(),
            "payload": base64.b64encode(record.value[:4096]).decode(),
        }
    )


def run(stack_dir: Path, *arguments: object) -> Any:  # noqa: ANN401 - whatever JSON the command prints
    result = CliRunner().invoke(app, ["dead-letters", *map(str, arguments), "--dir", str(stack_dir), "--json"])
    if isinstance(result.exception, Failure):
        raise result.exception
    assert result.exit_code == 0, result.output
    return orjson.loads(result.stdout)


def send(options: dict[str, Any], topic: str, value: bytes, key: bytes | None = None) -> ConsumerRecord:
    tail = Tail(options, topic)
    with open_sender(options, topic) as sender:
        assert sender.send(Outgoing(topic, key, value, BASE_MS))
        sender.flush()
    (record,) = tail.records()
    return record


@pytest.mark.jvm
def test_a_refused_record_is_listed_once_and_sent_again_as_it_was(stack_dir: Path, stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    refused = send(options, NEWS, PAYLOAD * 1_000, b"the key")
    first = send(options, DEAD_LETTERS, letter_value(refused, "not_utf8"))
    send(options, DEAD_LETTERS, letter_value(refused, "not_utf8"))
    other = send(options, DEAD_LETTERS, letter_value(send(options, NEWS, b"{", None), "not_json"))

    ours = [one for one in run(stack_dir, "list") if one["dead_letter_offset"] >= first.offset]
    assert [one["dead_letter_offset"] for one in ours] == [first.offset, other.offset]
    assert {**orjson.loads(first.value), "dead_letter_offset": first.offset} == ours[0]
    (latest,) = run(stack_dir, "list", "--limit", 1)
    assert latest["reason"] == "not_json"
    assert {one["reason"] for one in run(stack_dir, "list", "--reason", "not_json")} == {"not_json"}

    tail = Tail(options, NEWS)
    done = run(stack_dir, "retry", first.offset)
    assert done == [
        {"dead_letter_offset": first.offset, "topic": NEWS, "partition": refused.partition, "offset": refused.offset}
    ]
    (again,) = tail.records()
    assert (again.key, again.value, again.timestamp) == (refused.key, refused.value, BASE_MS)


@pytest.mark.jvm
def test_the_table_shows_no_control_characters(stack_dir: Path, stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    send(options, DEAD_LETTERS, letter_value(send(options, NEWS, PAYLOAD), "no_value"))
    result = CliRunner().invoke(app, ["dead-letters", "list", "--reason", "no_value", "--dir", str(stack_dir)])
    assert "no_value" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.jvm
def test_an_unknown_offset_sends_nothing(stack_dir: Path, stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    known = send(options, DEAD_LETTERS, letter_value(send(options, NEWS, b"{"), "not_json"))
    tail = Tail(options, NEWS)
    with pytest.raises(Failure, match="no dead letter 987654"):
        run(stack_dir, "retry", known.offset, 987654)
    assert tail.records() == []


@pytest.mark.jvm
def test_a_record_that_is_gone_is_a_clear_error(stack_dir: Path, stack_broker: str) -> None:
    value = orjson.dumps({"topic": NEWS, "partition": 0, "offset": 10**9, "reason": "not_json"})
    letter = send({"bootstrap_servers": stack_broker}, DEAD_LETTERS, value)
    with pytest.raises(Failure, match="no longer holds"):
        run(stack_dir, "retry", letter.offset)


@given(st.one_of(st.none(), st.binary(), st.just(b"[]"), st.just(b'{"topic": "t", "partition": "x"}')))
def test_what_is_no_dead_letter_is_left_out(value: bytes | None) -> None:
    assert parse_letter(0, value) is None


def test_a_dead_letter_without_its_optional_fields() -> None:
    value = b'{"topic": "t", "partition": 1, "offset": 2, "reason": "r"}'
    assert parse_letter(5, value) == Letter(5, "t", 1, 2, "r", "", "", b"")
