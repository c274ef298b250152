"""The latest stories of the entities that news comes about, kept in memory between batches of the applier.

Read from the store they would be read again for each new fact, which takes longer than all else that a fact needs.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from serving import keyspace
from serving.keyspace import TIME_MAX, KnownFact, time_bytes
from serving.stories import DAY_MS, REPEAT_WITHIN_MS, Age, age
from serving.views import View
from udfs.similarity import BYTES, DIFFERENT_MAX, Signatures, different_bits

KEPT_MS, TRIMMED_AT_MS = 2 * DAY_MS, 3 * DAY_MS
"""Before the newest fact of an entity so much is kept at least, and at most: news may come some hours late."""
SIZE_MAX = 200_000
"""Facts of all entities together; one takes about 250 bytes."""
ENTITY_SIZE = 4
"""An entity takes as much as so many facts."""


@dataclass(slots=True)
class FactsChange:
    """Facts of one entity that come and go, near to each other; at least one."""

    come: list[KnownFact] = field(default_factory=list)
    gone: list[KnownFact] = field(default_factory=list)

    @property
    def first_ms(self) -> int:
        """The earliest event time."""
        return min(fact.key.event_time for fact in (*self.come, *self.gone))

    @property
    def last_ms(self) -> int:
        """The latest event time."""
        return max(fact.key.event_time for fact in (*self.come, *self.gone))


class RecentStories:
    """Of one entity, all facts from `since_ms` on that have a signature: the others are like nothing."""

    def __init__(self, since_ms: int, facts: dict[Age, bytes]) -> None:
        self.since_ms = since_ms
        self._ages = sorted(facts)
        self._signatures = np.empty((2 * len(facts) + 4, BYTES // 8), dtype=np.uint64)
        self._signatures[: len(facts)] = _signatures(b"".join(facts[age] for age in self._ages))

    @property
    def size(self) -> int:
        """How much memory it takes, in facts."""
        return len(self._ages) + ENTITY_SIZE

    def repeats_with(self, own: Age, signature: bytes) -> Iterator[int]:
        """Event times of the facts that repeat a story if one more fact is there, and else do not."""
        if not signature:
            return
        told, place = _signatures(signature)[0], bisect_left(self._ages, own)
        if self._is_told(told, self._place(own[0] - REPEAT_WITHIN_MS), place):
            yield own[0]
        later = self._signatures[place : self._place(own[0] + REPEAT_WITHIN_MS + 1)]
        for distance in np.flatnonzero(different_bits(told, later) <= DIFFERENT_MAX).tolist():
            if not self._is_repeat(place + distance):
                yield self._ages[place + distance][0]

    def add(self, own: Age, signature: bytes) -> None:
        """One more fact."""
        if not signature:
            return
        place, count = bisect_left(self._ages, own), len(self._ages)
        if count == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[place + 1 : count + 1] = self._signatures[place:count]
        self._signatures[place] = _signatures(signature)[0]
        insort(self._ages, own)

    def remove(self, own: Age) -> None:
        """One fact less, if it is there."""
        place = bisect_left(self._ages, own)
        if self._ages[place : place + 1] == [own]:
            del self._ages[place]
            self._signatures[place:-1] = self._signatures[place + 1 :]

    def trim(self) -> None:
        """Forgets what is much older than the newest one."""
        if not self._ages or self._ages[-1][0] - self.since_ms <= TRIMMED_AT_MS:
            return
        since_ms = self._ages[-1][0] - KEPT_MS
        gone = self._place(since_ms)
        del self._ages[:gone]
        self._signatures = self._signatures[gone:].copy()
        self.since_ms = since_ms

    def _place(self, time_ms: int) -> int:
        """Of the first fact that is not earlier."""
        return bisect_left(self._ages, (time_ms, "", ""))

    def _is_repeat(self, place: int) -> bool:
        low = self._place(self._ages[place][0] - REPEAT_WITHIN_MS)
        return self._is_told(self._signatures[place], low, place)

    def _is_told(self, one: Signatures, low: int, high: int) -> bool:
        return bool((different_bits(one, self._signatures[low:high]) <= DIFFERENT_MAX).any())


class Recent:
    """Of the entities that changed last, `size` in facts. Where a batch is not written, begin anew."""

    def __init__(self, size_max: int = SIZE_MAX) -> None:
        self._size_max = size_max
        self._kept: dict[str, RecentStories] = {}
        self.size = 0

    def clear(self) -> None:
        """Forgets all: something else changes facts."""
        self._kept.clear()
        self.size = 0

    def change(self, view: View, entity: str, change: FactsChange) -> Counter[int]:
        """How many more facts repeat a story than before, by event time; the view is the store before the batch."""
        since_ms, until_ms = change.first_ms - REPEAT_WITHIN_MS, change.last_ms + REPEAT_WITHIN_MS + 1
        stories, are_latest = self._taken(entity), True
        if stories is None or stories.since_ms > since_ms:
            stories = RecentStories(since_ms, dict(_told(view, entity, since_ms, until_ms)))
            are_latest = next(_told(view, entity, until_ms, TIME_MAX), None) is None
        more = _changed(stories, change)
        if are_latest:
            self._keep(entity, stories)
        return more

    def _taken(self, entity: str) -> RecentStories | None:
        stories = self._kept.pop(entity, None)
        self.size -= stories.size if stories else 0
        return stories

    def _keep(self, entity: str, stories: RecentStories) -> None:
        """As the last one; the first ones go where all take too much."""
        stories.trim()
        self._kept[entity] = stories
        self.size += stories.size
        while self.size > self._size_max:
            self._taken(next(iter(self._kept)))


def _changed(stories: RecentStories, change: FactsChange) -> Counter[int]:
    more: Counter[int] = Counter()
    for fact in change.gone:
        stories.remove(age(fact))
        more.subtract(stories.repeats_with(age(fact), fact.value.signature))
    for fact in change.come:
        more.update(stories.repeats_with(age(fact), fact.value.signature))
        stories.add(age(fact), fact.value.signature)
    return more


def _told(view: View, entity: str, start_ms: int, end_ms: int) -> Iterator[tuple[Age, bytes]]:
    """Facts with event times in [start, end) and their signatures; a fact is read in full many times slower."""
    prefix = keyspace.fact_prefix(entity)
    lower, upper = (time_bytes(TIME_MAX - max(time_ms, 0) + 1) for time_ms in (end_ms, start_ms))
    for key, value in view.scan(prefix + lower, prefix + upper):
        if told := keyspace.fact_signature(value):
            fact = keyspace.parse_fact_key(key)
            yield (fact.event_time, fact.topic, fact.article), told


def _signatures(joined: bytes) -> Signatures:
    return np.frombuffer(joined, dtype=np.uint64).reshape(-1, BYTES // 8)
