"""Windows side by side as parts of stored rows: what to read, and how it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from serving import keyspace
from serving.bucket_rows import SLOTS, next_slot, row_articles, row_length_ms, row_suffix, row_sums, slot_of
from serving.keyspace import Packed
from serving.views import View
from serving.windows import MINUTE_MS, ZERO, Run, Window, add, cover
from udfs.changelog import Grain

HOUR_MS = Grain.HOUR.length_ms
HOUR_MINUTES = HOUR_MS // MINUTE_MS
SUFFIX_BYTES = len(row_suffix(Grain.MINUTE, 0))

Rows = dict[bytes, bytes]
"""Stored rows by what follows the entity in their keys."""


@dataclass(frozen=True, slots=True)
class Part:
    """The slots [low, high) of a row belong to a window, by its place in the plan."""

    window: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows of one grain: by themselves, or all from the first to the last, [first, after), if they are `adjacent`."""

    suffixes: tuple[bytes, ...]
    after: bytes
    adjacent: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """Where the window at the place `ends` ends and the next one begins: a minute of the hour in a row of minutes."""

    suffix: bytes
    minute: int
    ends: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How `count` windows side by side, of which `last` is the last, are made of rows; the oldest has place 0.

    `readings` begin with the longest buckets. `bounds` are empty where one is on the hour, `hour_left` are the minutes
    until the first of them comes to the next hour, then 0.
    """

    last: Window
    count: int
    readings: tuple[Reading, ...]
    parts: Mapping[bytes, tuple[Part, ...]]
    bounds: tuple[Bound, ...]
    hour_left: int


@lru_cache(maxsize=64)
def plan(last: Window, count: int = 1) -> Plan:
    """Many entities are asked for the same."""
    parts: dict[bytes, list[Part]] = {}
    for at in range(count):
        for run in cover([last.before(count - 1 - at)]):
            for suffix, part in _parts(at, run):
                parts.setdefault(suffix, []).append(part)
    suffixes = {grain: sorted(_of_grain(parts, grain)) for grain in reversed(Grain)}
    readings = tuple(_reading(grain, found) for grain, found in suffixes.items() if found)
    bounds, hour_left = _bounds(last, count)
    return Plan(last, count, readings, {suffix: tuple(one) for suffix, one in parts.items()}, bounds, hour_left)


def _of_grain(suffixes: Iterable[bytes], grain: Grain) -> list[bytes]:
    return [suffix for suffix in suffixes if suffix.startswith(keyspace.GRAIN_BYTES[grain])]


def _parts(window: int, run: Run) -> Iterator[tuple[bytes, Part]]:
    span = row_length_ms(run.grain)
    for start in range(run.start_ms - run.start_ms % span, run.end_ms, span):
        low = slot_of(run.grain, run.start_ms) if start < run.start_ms else 0
        high = slot_of(run.grain, run.end_ms) if run.end_ms < start + span else SLOTS[run.grain]
        yield row_suffix(run.grain, start), Part(window, low, high)


def _reading(grain: Grain, suffixes: list[bytes]) -> Reading:
    span = row_length_ms(grain)
    first, last = (keyspace.parse_time(suffix[1:]) for suffix in (suffixes[0], suffixes[-1]))
    return Reading(tuple(suffixes), row_suffix(grain, last + span), (last - first) // span == len(suffixes) - 1)


def _bounds(last: Window, count: int) -> tuple[tuple[Bound, ...], int]:
    ends_ms = [last.end_ms - back * last.length_ms for back in range(count + 1)]
    if ends_ms[-1] < 0 or not all(end_ms % HOUR_MS for end_ms in ends_ms):
        return (), 0
    bounds = tuple(
        Bound(row_suffix(Grain.MINUTE, end_ms), end_ms % HOUR_MS // MINUTE_MS, count - 1 - back)
        for back, end_ms in enumerate(ends_ms)
    )
    return bounds, min(HOUR_MINUTES - bound.minute for bound in bounds)


def read_rows(view: View, entity: str, wanted: Plan) -> Rows:
    """Those of the rows that an entity has, and maybe some between them."""
    prefix = keyspace.bucket_prefix(entity)
    found: Rows = {}
    finer: int | None = None
    for reading in wanted.readings:
        # Most entities have fewer rows than are asked for: the slots of the longer buckets tell.
        if reading.adjacent or (finer is not None and finer <= len(reading.suffixes)):
            scanned = view.scan(prefix + reading.suffixes[0], prefix + reading.after)
            rows = {key[-SUFFIX_BYTES:]: value for key, value in scanned}
            finer = sum(value[0] for value in rows.values())
        else:
            values = ((suffix, view.get(prefix + suffix)) for suffix in reading.suffixes)
            rows = {suffix: value for suffix, value in values if value is not None}
            finer = None
        found |= rows
    return found


def sums_of(rows: Rows, wanted: Plan, first: int = 0) -> list[Packed]:
    """The sums of the windows from the first on, by their places."""
    sums = [ZERO] * (wanted.count - first)
    for suffix, row in rows.items():
        for part in wanted.parts.get(suffix, ()):
            if part.window >= first:
                sums[part.window - first] = add(sums[part.window - first], row_sums(row, part.low, part.high))
    return sums


def articles_of(rows: Rows, wanted: Plan) -> list[int]:
    """The articles in each of the windows."""
    counts = [0] * wanted.count
    for suffix, row in rows.items():
        for part in wanted.parts.get(suffix, ()):
            counts[part.window] += row_articles(row, part.low, part.high)
    return counts


def lasts_minutes(rows: Rows, wanted: Plan) -> int:
    """How far all windows may move together until any sum may be another one, in minutes: at least 1.

    Until then no minute with articles crosses a bound, and none of the windows is made of other hours or
    days: so what was read gives the same sums, bit for bit, even while rows of one article are still coming.
    """
    least = wanted.hour_left or 1
    for bound in wanted.bounds:
        row = rows.get(bound.suffix)
        crossing = None if row is None else next_slot(row, bound.minute)
        if crossing is not None and crossing + 1 - bound.minute < least:
            least = crossing + 1 - bound.minute
            if least == 1:
                break
    return least
