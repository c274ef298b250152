"""What came before each fact of an entity: similar stories, and how many articles at all. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.keyspace import FactKey, KnownFact
from serving.queries import Question, facts_in
from serving.rows import key_of
from serving.stories import DAY_MS, Stories
from serving.views import View
from serving.windows import Window
from udfs.changelog import FactRow
from udfs.similarity import DIFFERENT_MAX, similarity

SIMILAR_WITHIN_MS = (DAY_MS, 3 * DAY_MS, 7 * DAY_MS)
VOLUME_WITHIN_MS = (DAY_MS // 2, DAY_MS, 3 * DAY_MS, 5 * DAY_MS, 7 * DAY_MS)
REACH_MS = 7 * DAY_MS
"""So far back is looked."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier story like a fact's: the estimated Jaccard similarity, and how much earlier."""

    key: FactKey
    similarity: float
    before_ms: int


@dataclass(frozen=True, slots=True)
class Before:
    """Earlier facts of the same entity: how many similar ones, and how many in all, by `..._WITHIN_MS`.

    `nearest` is the latest similar one. `first` is where the story began: one comes from the fact to the nearest
    similar one, from there to the one nearest to it, and so on, as long as that is no more than 7 days before the fact.
    """

    similar: tuple[int, ...]
    volume: tuple[int, ...]
    nearest: Similar | None
    first: FactKey


class Told:
    """What an entity's facts told, with all that was told in the 7 days before the earliest that is asked for."""

    def __init__(self, facts: Iterable[KnownFact]) -> None:
        self._stories = Stories(facts)
        self._places = {fact.key: place for place, fact in enumerate(self._stories.facts)}
        self._nearest: dict[int, int | None] = {}

    def before(self, key: FactKey) -> Before:
        """What came before a fact."""
        stories, place = self._stories, self._places[key]
        time_ms = int(stories.times[place])
        low, bits = stories.differing(place, REACH_MS)
        similar = low + np.flatnonzero(bits <= DIFFERENT_MAX)
        nearest = self._nearest[place] = int(similar[-1]) if len(similar) else None
        return Before(
            tuple(_count_from(stories.times[similar], time_ms - within) for within in SIMILAR_WITHIN_MS),
            tuple(_count_from(stories.times[:place], time_ms - within) for within in VOLUME_WITHIN_MS),
            None if nearest is None else self._similar(nearest, time_ms, int(bits[nearest - low])),
            stories.facts[self._first(place)].key,
        )

    def _similar(self, place: int, time_ms: int, bits: int) -> Similar:
        return Similar(self._stories.facts[place].key, similarity(bits), time_ms - int(self._stories.times[place]))

    def _first(self, place: int) -> int:
        least_ms = self._stories.times[place] - REACH_MS
        while (earlier := self._nearest_of(place)) is not None and self._stories.times[earlier] >= least_ms:
            place = earlier
        return place

    def _nearest_of(self, place: int) -> int | None:
        if place not in self._nearest:
            low, bits = self._stories.differing(place, REACH_MS)
            similar = np.flatnonzero(bits <= DIFFERENT_MAX)
            self._nearest[place] = low + int(similar[-1]) if len(similar) else None
        return self._nearest[place]


def _count_from(times: NDArray[np.int64], from_ms: int) -> int:
    """How many of ascending times are not before a moment."""
    return len(times) - int(np.searchsorted(times, from_ms))


def told_before(view: View, facts: Sequence[FactRow], known_at_ms: int | None) -> list[Before]:
    """What came before each of some facts of one entity, of what was known by then."""
    if not facts:
        return []
    times = [fact.event_time for fact in facts]
    window = Window(max(times) + 1, max(times) + 1 - min(times) + REACH_MS)
    told = Told(facts_in(view, facts[0].entity, Question(window, known_at_ms)))
    return [told.before(key_of(fact)) for fact in facts]
