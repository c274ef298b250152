"""Windows side by side as parts of stored rows: what to read, and how it adds up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

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
    suffix: bytes
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows of one grain that lie side by side, [first, after); `single` if it is one."""

    first: bytes
    after: bytes
    single: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How `count` windows side by side, of which `last` is the last, are made of rows; the oldest has place 0."""

    last: Window
    count: int
    readings: tuple[Reading, ...]
    parts: tuple[tuple[Part, ...], ...]


@lru_cache(maxsize=64)
def plan(last: Window, count: int = 1) -> Plan:
    """Many entities are asked for the same."""
    parts = tuple(
        tuple(part for run in cover([last.before(count - 1 - at)]) for part in _parts(at, run)) for at in range(count)
    )
    return Plan(last, count, tuple(_readings(sorted({part.suffix for of_one in parts for part in of_one}))), parts)


def _parts(window: int, run: Run) -> list[Part]:
    span = row_length_ms(run.grain)
    parts = []
    for start in range(run.start_ms - run.start_ms % span, run.end_ms, span):
        low = slot_of(run.grain, run.start_ms) if start < run.start_ms else 0
        high = slot_of(run.grain, run.end_ms) if run.end_ms < start + span else SLOTS[run.grain]
        parts.append(Part(window, row_suffix(run.grain, start), low, high))
    return parts


_GRAINS = {code: grain for grain, code in keyspace.GRAIN_BYTES.items()}


def _readings(suffixes: list[bytes]) -> list[Reading]:
    """Rows that lie side by side are read in one go."""
    places = [(suffix, _GRAINS[suffix[:1]], keyspace.parse_time(suffix[1:])) for suffix in suffixes]
    readings = []
    for _, group in groupby(enumerate(places), key=lambda one: (one[1][1], _number(one[1]) - one[0])):
        run = [place for _, place in group]
        _, grain, start_ms = run[-1]
        after = row_suffix(grain, start_ms + row_length_ms(grain))
        readings.append(Reading(run[0][0], after, single=len(run) == 1))
    return readings


def _number(place: tuple[bytes, Grain, int]) -> int:
    _, grain, start_ms = place
    return start_ms // row_length_ms(grain)


def read_rows(view: View, entity: str, wanted: Plan) -> Rows:
    """Those of the rows that an entity has."""
    prefix = keyspace.bucket_prefix(entity)
    found: Rows = {}
    for reading in wanted.readings:
        if reading.single:
            value = view.get(prefix + reading.first)
            if value is not None:
                found[reading.first] = value
        else:
            for key, value in view.scan(prefix + reading.first, prefix + reading.after):
                found[key[-SUFFIX_BYTES:]] = value
    return found


def sums_of(rows: Rows, wanted: Plan, window: int) -> Packed:
    """The sums of one of the windows, by its place."""
    sums = ZERO
    for part in wanted.parts[window]:
        row = rows.get(part.suffix)
        if row is not None:
            sums = add(sums, row_sums(row, part.low, part.high))
    return sums


def articles_of(rows: Rows, wanted: Plan, windows: int) -> list[int]:
    """The articles in each of the first so many windows."""
    counts = [0] * windows
    for parts in wanted.parts[:windows]:
        for part in parts:
            row = rows.get(part.suffix)
            if row is not None:
                counts[part.window] += row_articles(row, part.low, part.high)
    return counts


def lasts_minutes(rows: Rows, wanted: Plan) -> int:
    """How far all windows may move together until any sum may be another one, in minutes: at least 1.

    Until then no minute with articles crosses a bound, and none of the windows is made of other hours or
    days: so what was read gives the same sums, bit for bit, even while rows of one article are still coming.
    """
    least = HOUR_MINUTES
    for bound in range(wanted.last.end_ms, wanted.last.before(wanted.count - 1).start_ms - 1, -wanted.last.length_ms):
        minute = bound % HOUR_MS // MINUTE_MS
        if not minute or bound < 0:
            return 1
        row = rows.get(row_suffix(Grain.MINUTE, bound))
        crossing = None if row is None else next_slot(row, minute)
        least = min(least, HOUR_MINUTES - minute if crossing is None else crossing + 1 - minute)
    return least
