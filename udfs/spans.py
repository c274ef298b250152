"""Stretches of a text that never overlap, and which of them touch another stretch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Stretch(Protocol):
    """Anything with [start, end) in code points, not empty."""

    @property
    def start(self) -> int:
        """The first code point."""
        ...

    @property
    def end(self) -> int:
        """One behind the last code point."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A bare stretch."""

    start: int
    end: int


T = TypeVar("T", bound=Stretch)


class Spans(Generic[T]):
    """Stretches in order of position, none overlapping another; a look-up takes logarithmic time."""

    def __init__(self, items: Iterable[T]) -> None:
        self.items: Sequence[T] = sorted(items, key=lambda item: item.start)
        self._starts = [item.start for item in self.items]
        self._ends = [item.end for item in self.items]

    def touching(self, start: int, end: int) -> Sequence[T]:
        """Return the stretches that share a code point with [start, end), in order."""
        return self.items[bisect_right(self._ends, start) : bisect_left(self._starts, end)]


def disjoint(items: Iterable[T]) -> Spans[T]:
    """Return the stretches without those that overlap a longer one, or as long a one before them."""
    starts: list[int] = []
    kept: list[T] = []
    for item in sorted(items, key=lambda item: (item.start - item.end, item.start)):
        place = bisect_left(starts, item.start)
        before = kept[place - 1].end if place else item.start
        after = kept[place].start if place < len(kept) else item.end
        if before <= item.start and item.end <= after:
            starts.insert(place, item.start)
            kept.insert(place, item)
    return Spans(kept)
