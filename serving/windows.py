"""Windows as sums of buckets: which buckets make up a window, and how sums add and give scores.

A window of any whole number of minutes is the days that lie wholly in it, the hours around them and
the minutes around those, so a week at an odd minute is five short scans.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from serving.keyspace import FactValue, Packed, bucket_start
from udfs.changelog import Grain, product_micro
from udfs.records import MICRO

MINUTE_MS = 60_000
ZERO: Packed = (0,) * 8


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in epoch milliseconds, both at whole minutes."""

    end_ms: int
    length_ms: int

    @property
    def start_ms(self) -> int:
        """Where it begins; before 1970 for a window longer than that."""
        return self.end_ms - self.length_ms

    def before(self, windows: int) -> Window:
        """The window of the same length that lies so many windows earlier."""
        return Window(self.end_ms - windows * self.length_ms, self.length_ms)


@dataclass(frozen=True, slots=True)
class Run:
    """The buckets of one grain that start in [start, end)."""

    grain: Grain
    start_ms: int
    end_ms: int


def floor_minute(time_ms: int) -> int:
    """The minute that a time lies in."""
    return time_ms - time_ms % MINUTE_MS


def cover(windows: Iterable[Window]) -> list[Run]:
    """The buckets that make up the windows, given oldest first; runs that touch are joined.

    No bucket crosses the bounds of a window.
    """
    runs: list[Run] = []
    for window in windows:
        for run in _cover(max(window.start_ms, 0), window.end_ms, (Grain.DAY, Grain.HOUR, Grain.MINUTE)):
            if runs and runs[-1].grain is run.grain and runs[-1].end_ms == run.start_ms:
                runs[-1] = Run(run.grain, runs[-1].start_ms, run.end_ms)
            else:
                runs.append(run)
    return runs


def _cover(start_ms: int, end_ms: int, grains: tuple[Grain, ...]) -> Iterator[Run]:
    if start_ms >= end_ms:
        return
    grain, finer = grains[0], grains[1:]
    first = start_ms + -start_ms % grain.length_ms
    last = end_ms - end_ms % grain.length_ms
    if first >= last:
        yield from _cover(start_ms, end_ms, finer)
        return
    yield from _cover(start_ms, first, finer)
    yield Run(grain, first, last)
    yield from _cover(last, end_ms, finer)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The ends of keys [lower, upper) of a run: GRAIN START, which follow an entity or stand first."""

    lower: bytes
    upper: bytes


@lru_cache(maxsize=1_024)
def key_ranges(last: Window, count: int = 1) -> tuple[KeyRange, ...]:
    """The runs of `count` windows side by side, of which `last` is the last; many entities are asked for the same."""
    return tuple(
        KeyRange(bucket_start(run.grain, run.start_ms), bucket_start(run.grain, run.end_ms))
        for run in cover(last.before(back) for back in reversed(range(count)))
    )


def add(left: Packed, right: Packed, sign: int = 1) -> Packed:
    """The sum of two buckets, or of two edges; the difference where the sign is -1."""
    return tuple([a + sign * b for a, b in zip(left, right, strict=True)])


def of_fact(fact: FactValue) -> Packed:
    """What one fact adds to a bucket."""
    r, s = fact.relevance, fact.sentiment
    polarity = (fact.polarity > 0, fact.polarity == 0, fact.polarity < 0)
    return (1, fact.mentions, r, product_micro(r, s), product_micro(r, s, s), *map(int, polarity))


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of a window; `weight`, `weighted`, `weighted_square` in micro-units (see `udfs.changelog`)."""

    articles: int
    mentions: int
    weight: int
    weighted: int
    weighted_square: int
    positive: int
    neutral: int
    negative: int

    @property
    def sentiment(self) -> float | None:
        """Sum of r*s over sum of r, -1..1; None if the latter is 0."""
        return self.weighted / self.weight if self.weight else None

    @property
    def sentiment_stddev(self) -> float | None:
        """The relevance-weighted standard deviation, 0..1; None where the sentiment is."""
        if not self.weight:
            return None
        return math.sqrt(max(0.0, self.weighted_square / self.weight - (self.weighted / self.weight) ** 2))

    @property
    def relevance(self) -> float | None:
        """The mean over the articles, 0..1; None if there are none."""
        return self.weight / (self.articles * MICRO) if self.articles else None


def zscore(articles: int, history: list[int], least: int = 5) -> float | None:
    """How many standard deviations (of the population) `articles` lies above the mean of `history`.

    None for fewer than `least` values, or if they are all the same.
    """
    if len(history) < least:
        return None
    # In whole numbers up to the last step, so that the same counts give the same bits in any order.
    count, total = len(history), sum(history)
    spread = count * sum(value * value for value in history) - total * total
    return (count * articles - total) / math.sqrt(spread) if spread else None
