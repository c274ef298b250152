"""Dead letters: read what the jobs refused, and send a refused record once more."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from udfs.topics import DEAD_LETTERS
from wiregraph.consuming import POLL_MS, STALL_POLLS_MAX, read_to_end
from wiregraph.errors import Failure
from wiregraph.producing import Outgoing, open_sender
from wiregraph.topics_admin import consumer

FETCH_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter. `dead_letter_offset` is its own offset in `dead-letters`, the rest is about the refused record.

    `payload` holds the record's first 4 kB.
    """

    dead_letter_offset: int
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    payload_sha256: str
    payload: bytes

    @property
    def key(self) -> str:
        """What makes a dead letter one: a job that restarts may write it twice."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Retried:
    """A refused record that was sent again; `dead_letter_offset` says which."""

    dead_letter_offset: int
    topic: str
    partition: int
    offset: int


def parse_letter(at: int, value: bytes | None) -> Letter | None:
    """The dead letter in a record of the topic, or None where it holds something else."""
    try:
        fields = orjson.loads(value or b"")
        return Letter(
            dead_letter_offset=at,
            topic=str(fields["topic"]),
            partition=int(fields["partition"]),
            offset=int(fields["offset"]),
            reason=str(fields["reason"]),
            detail=str(fields.get("detail", "")),
            payload_sha256=str(fields.get("payload_sha256", "")),
            payload=base64.b64decode(fields.get("payload") or ""),
        )
    except (orjson.JSONDecodeError, binascii.Error, KeyError, TypeError, ValueError):
        return None


def read_letters(options: Mapping[str, Any], reason: str | None = None) -> list[Letter]:
    """All dead letters up to now in the order of their offsets, each refused record once."""
    once: dict[str, Letter] = {}
    with _reader(options) as reader:
        for record in read_to_end(reader, DEAD_LETTERS):
            letter = parse_letter(record.offset, record.value)
            if letter is not None and reason in (None, letter.reason):
                once.setdefault(letter.key, letter)
    return list(once.values())


def _reader(options: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a context manager that `consumer` types
    return consumer({**options, "max_partition_fetch_bytes": FETCH_BYTES_MAX})


def retry(options: Mapping[str, Any], offsets: list[int]) -> list[Retried]:
    """Send refused records again as they were: the same topic, key, value and timestamp.

    `offsets` are those of the dead letters. All are looked up before the first is sent; raises
    Failure for an unknown offset or a record that its topic no longer holds.
    """
    with _reader(options) as reader:
        letters = [_letter_at(reader, offset) for offset in offsets]
        originals = [_original(reader, letter) for letter in letters]
    for letter, original in zip(letters, originals, strict=True):
        with open_sender(options, letter.topic) as sender:
            if not sender.send(Outgoing(letter.topic, original.key, original.value, original.timestamp)):
                raise Failure(f"dead letter {letter.dead_letter_offset}: the record is too large for Kafka")
            sender.flush()
    return [Retried(letter.dead_letter_offset, letter.topic, letter.partition, letter.offset) for letter in letters]


def _letter_at(reader: KafkaConsumer, offset: int) -> Letter:
    record = _record_at(reader, TopicPartition(DEAD_LETTERS, 0), offset)
    letter = parse_letter(offset, record.value) if record else None
    if letter is None:
        raise Failure(f"there is no dead letter {offset}: `wiregraph dead-letters list` shows which there are")
    return letter


def _original(reader: KafkaConsumer, letter: Letter) -> ConsumerRecord:
    record = _record_at(reader, TopicPartition(letter.topic, letter.partition), letter.offset)
    if record is None:
        raise Failure(f"dead letter {letter.dead_letter_offset}: its topic no longer holds the record {letter.key}")
    return record


def _record_at(reader: KafkaConsumer, part: TopicPartition, offset: int) -> ConsumerRecord | None:
    """The record at an offset, or None where there is none (any more)."""
    if part.partition not in (reader.partitions_for_topic(part.topic) or ()):
        return None
    if not reader.beginning_offsets([part])[part] <= offset < reader.end_offsets([part])[part]:
        return None
    reader.assign([part])
    reader.seek(part, offset)
    for _ in range(STALL_POLLS_MAX):
        records = reader.poll(POLL_MS, max_records=1).get(part)
        if records:
            return records[0] if records[0].offset == offset else None
    raise Failure(f"Kafka does not send {part.topic}/{part.partition}/{offset}: see `wiregraph stack status`")
