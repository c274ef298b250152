"""Records of `clicks` by the batch: how the JVM packs them for one hop into Python, and how Python reads them.

A batch is some records of one input partition, in their order: heads of 20 bytes, and the values one behind the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import to_jarray

from jobs import uids
from jobs.java_operators import through
from jobs.keys import partition_keys
from udfs.clicks import Click, Pseudonymise, decode_click
from udfs.decode import Refused
from udfs.topics import CLICKS

BATCH_MS = 5
"""How long a click waits for the others of its fetch, at most."""
HEAD = Struct(">qqi")
"""A record's offset, its time in epoch ms and the length of its value; a time below zero is unknown."""

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
RECORD_TYPE = Types.ROW([Types.INT(), Types.LONG(), Types.INSTANT(), _BYTES])
"""A record: partition, offset, time, value."""
BATCH_TYPE = Types.ROW([Types.INT(), _BYTES, _BYTES])
"""A batch: partition, heads, values."""


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


def packed(records: DataStream) -> DataStream:
    """Rows (key, batch) of rows of `RECORD_TYPE`: the key is the partition's, in the thread of the source."""
    keys = to_jarray(get_gateway().jvm.String, partition_keys(CLICKS, [CLICKS]))
    keyed_type = Types.ROW([Types.STRING(), BATCH_TYPE])
    return through(records, "ClickBatches", [keys, BATCH_MS], uids.BATCH_CLICKS, keyed_type)


def read_batch(heads: bytes, values: bytes, pseudonymise: Pseudonymise) -> Batch:
    """The records of a batch, decoded."""
    batch, start = Batch(), 0
    for offset, time_ms, length in HEAD.iter_unpack(heads):
        value = values[start : start + length]
        start += length
        click = decode_click(value, time_ms, pseudonymise)
        if isinstance(click, Refused):
            batch.refused.append(RefusedRecord(offset, click, value))
        else:
            batch.clicks.append(click)
            batch.offsets.append(offset)
    return batch
