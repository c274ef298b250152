"""Records of `clicks` by the batch: how SQL packs them for one hop into Python, and how Python reads them.

A batch is the text of some records of one input partition. The bytes of a value are the characters U+0000 to U+00FF,
so the characters behind those can part records and fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from udfs.clicks import Click, Pseudonymise, decode_click
from udfs.decode import Refused

RECORD_END = "\u0100"
FIELD_END = "\u0101"
BYTES_AS_TEXT = "latin-1"

# Seconds, since Flink has no cheap expression for a time's milliseconds; `_record_time_ms` rounds up.
RECORD_EXPRESSION = f"""CONCAT(
  CAST(`offset` AS STRING), '{FIELD_END}',
  CAST(TIMESTAMPDIFF(SECOND, TO_TIMESTAMP_LTZ(0, 3), record_time) AS STRING), '{FIELD_END}',
  COALESCE(`value`, ''))"""
BATCH_EXPRESSION = f"ARRAY_JOIN(ARRAY_AGG({RECORD_EXPRESSION}), '{RECORD_END}')"


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that is no click; `payload` is all of its bytes."""

    offset: int
    refused: Refused
    payload: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was read: `clicks` in the partition's order, each with its offset, and the refused records."""

    clicks: list[Click] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    refused: list[RefusedRecord] = field(default_factory=list)


def read_batch(text: str, pseudonymise: Pseudonymise) -> Batch:
    """The records of a batch, decoded in the order of their offsets."""
    batch = Batch()
    for offset, seconds, characters in _in_order([record.split(FIELD_END) for record in text.split(RECORD_END)]):
        value = characters.encode(BYTES_AS_TEXT)
        click = decode_click(value, _record_time_ms(seconds), pseudonymise)
        if isinstance(click, Refused):
            batch.refused.append(RefusedRecord(int(offset), click, value))
        else:
            batch.clicks.append(click)
            batch.offsets.append(int(offset))
    return batch


def _in_order(records: list[list[str]]) -> list[list[str]]:
    """Flink keeps the order in practice, but does not promise it."""
    offsets = [int(record[0]) for record in records]
    if all(one < other for one, other in pairwise(offsets)):
        return records
    return sorted(records, key=lambda record: int(record[0]))


def _record_time_ms(seconds: str) -> int:
    """A record's time at the end of its second; -1 where it is unknown, which Kafka writes as before 1970."""
    return int(seconds) * 1_000 + 999 if seconds > "0" else -1
