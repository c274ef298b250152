"""Records of `clicks` by the batch: how the JVM packs them for one hop into Python, and how Python reads them.

A batch is some records of one input partition. Nearly all are plain clicks, which the JVM has read already: they come
by columns, so that none of them costs Python a step of its own. The others come as they are, each with its place among
the plain ones, and `decode_click` says what they are; it would make the same of the plain ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from struct import Struct

import numpy as np
from numpy.typing import NDArray
from pyflink.common import Types
from pyflink.datastream import DataStream

from jobs import uids
from jobs.java_operators import through
from jobs.keys import partition_keys
from udfs.clicks import KINDS, PRICE_MAX, Click, Pseudonymise, decode_click
from udfs.decode import AHEAD_MS_MAX, ID_CHARS_MAX, TIME_MS_MAX, Refused
from udfs.topics import CLICKS

BATCH_MS = 2
"""How long a click waits for the others of its fetch, at most."""
PLAIN_HEAD = np.dtype([("offset", ">i8"), ("time_ms", ">i8"), ("price_micro", ">i8"), ("kind", "i1")])
"""Of a plain click; -1 is no price, the kind is its place in `KINDS`."""
PLAIN_TEXTS = 5
"""Session, event, user as the producer names it, item, coupon: each ends in a newline, which none of them holds."""
OTHER_HEAD = Struct(">iqqi")
"""How many plain clicks came before the record, its offset, its time in epoch ms, and the length of its value.

A time below zero is unknown.
"""

_KINDS = tuple(KINDS)
_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
RECORD_TYPE = Types.ROW([Types.INT(), Types.LONG(), Types.INSTANT(), _BYTES])
"""A record: partition, offset, time, value."""
BATCH_TYPE = Types.ROW([Types.INT(), _BYTES, _BYTES, _BYTES, _BYTES])
"""A batch: partition, heads and texts of the plain clicks, heads and values of the others."""


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
    keys = partition_keys(CLICKS, [CLICKS])
    keyed_type = Types.ROW([Types.STRING(), BATCH_TYPE])
    told: list[list[str] | int] = [keys, [*_KINDS], BATCH_MS, ID_CHARS_MAX, TIME_MS_MAX, AHEAD_MS_MAX, PRICE_MAX]
    return through(records, "ClickBatches", told, uids.BATCH_CLICKS, keyed_type)


def read_batch(
    heads: bytes, texts: bytes, other_heads: bytes, other_values: bytes, pseudonymise: Pseudonymise
) -> Batch:
    """The records of a batch, decoded."""
    columns = np.frombuffer(heads, PLAIN_HEAD)
    batch = Batch(_plain_clicks(columns, texts, pseudonymise), columns["offset"].tolist())
    came, start = 0, 0
    for before, offset, time_ms, length in OTHER_HEAD.iter_unpack(other_heads):
        value = other_values[start : start + length]
        start += length
        click = decode_click(value, time_ms, pseudonymise)
        if isinstance(click, Refused):
            batch.refused.append(RefusedRecord(offset, click, value))
        else:
            batch.clicks.insert(before + came, click)
            batch.offsets.insert(before + came, offset)
            came += 1
    return batch


def _plain_clicks(columns: NDArray[np.void], texts: bytes, pseudonymise: Pseudonymise) -> list[Click]:
    words = texts.decode("ascii").split("\n")
    session_ids, event_ids, user_ids, items, coupons = (words[at:-1:PLAIN_TEXTS] for at in range(PLAIN_TEXTS))
    users = [pseudonymise(user_id) if user_id else "" for user_id in user_ids]
    prices = [None if price < 0 else price for price in columns["price_micro"].tolist()]
    kinds = map(_KINDS.__getitem__, columns["kind"].tolist())
    times_ms = columns["time_ms"].tolist()
    rows = zip(session_ids, event_ids, times_ms, kinds, users, items, prices, coupons, strict=True)
    return list(map(tuple.__new__, repeat(Click), rows))
