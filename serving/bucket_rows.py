"""Buckets as they are stored: those of an entity that lie side by side are one value. Pure.

A row holds the 60 minutes of an hour, the 24 hours of a day or 64 days, of which it names those that
have articles. So a window is a handful of rows, and so is what lies before it.

    n (1 byte), n slots ascending (1 byte each), then 8 columns of n numbers (64 bits, big-endian)

The columns are those of `serving.keyspace.Packed`: the numbers of articles can be read alone.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Mapping
from itertools import chain

from serving.keyspace import Packed, bucket_start
from udfs.changelog import Grain

SLOTS = {Grain.MINUTE: 60, Grain.HOUR: 24, Grain.DAY: 64}
SLOTS_MAX = max(SLOTS.values())
_COLUMNS = 8
_NUMBER_BYTES = 8
_NUMBERS = [struct.Struct(f">{count}q") for count in range(_COLUMNS * SLOTS_MAX + 1)]


def row_length_ms(grain: Grain) -> int:
    """How much time the row of a grain spans."""
    return SLOTS[grain] * grain.length_ms


def row_suffix(grain: Grain, start_ms: int) -> bytes:
    """What follows `serving.keyspace.bucket_prefix` in the key of the row that a bucket lies in: GRAIN START."""
    return bucket_start(grain, start_ms - start_ms % row_length_ms(grain))


def slot_of(grain: Grain, start_ms: int) -> int:
    """The place of a bucket in its row."""
    return start_ms % row_length_ms(grain) // grain.length_ms


def pack_row(buckets: Mapping[int, Packed]) -> bytes:
    """Of buckets by slot; raises `struct.error` if a sum exceeds 64 bits."""
    slots = sorted(buckets)
    columns = zip(*(buckets[slot] for slot in slots), strict=True)
    return bytes((len(slots), *slots)) + _NUMBERS[_COLUMNS * len(slots)].pack(*chain.from_iterable(columns))


def changed_row(value: bytes, changed: Mapping[int, Packed | None]) -> bytes:
    """A row, or the empty one, with these buckets in the place of its own, None for none; empty where none is left.

    A row whose buckets stay where they are is not taken apart.
    """
    places = {value[at]: at - 1 for at in range(1, 1 + value[0])} if value else {}
    if all(sums is not None and slot in places for slot, sums in changed.items()):
        row, count = bytearray(value), len(places)
        for slot, sums in changed.items():
            for column, number in enumerate(sums or ()):
                _NUMBERS[1].pack_into(row, 1 + count + _NUMBER_BYTES * (column * count + places[slot]), number)
        return bytes(row)
    buckets = {**(unpack_row(value) if value else {}), **changed}
    left = {slot: sums for slot, sums in buckets.items() if sums is not None}
    return pack_row(left) if left else b""


def unpack_row(value: bytes) -> dict[int, Packed]:
    """The inverse of `pack_row`."""
    count = value[0]
    numbers = _NUMBERS[_COLUMNS * count].unpack_from(value, 1 + count)
    columns = [numbers[at * count : (at + 1) * count] for at in range(_COLUMNS)]
    return dict(zip(value[1 : 1 + count], zip(*columns, strict=True), strict=True))


def row_articles(value: bytes, low: int, high: int) -> int:
    """The articles in the slots [low, high)."""
    count = value[0]
    first = bisect_left(value, low, 1, 1 + count)
    found = bisect_left(value, high, first, 1 + count) - first
    return sum(_NUMBERS[found].unpack_from(value, count + _NUMBER_BYTES * (first - 1) + 1)) if found else 0


def row_sums(value: bytes, low: int, high: int) -> Packed:
    """The sums of the slots [low, high)."""
    count = value[0]
    first = bisect_left(value, low, 1, 1 + count)
    numbers = _NUMBERS[bisect_left(value, high, first, 1 + count) - first]
    begin, step = 1 + count + _NUMBER_BYTES * (first - 1), _NUMBER_BYTES * count
    return tuple([sum(numbers.unpack_from(value, begin + column * step)) for column in range(_COLUMNS)])


def next_slot(value: bytes, slot: int) -> int | None:
    """The first slot from this one on that has articles."""
    at = bisect_left(value, slot, 1, 1 + value[0])
    return value[at] if at <= value[0] else None
