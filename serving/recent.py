"""The latest stories of the entities that news comes about, kept in memory between batches of the applier.

Read from the store they would be read again for each new fact, which takes longer than all else that a fact needs.
"""

from __future__ import annotations

from bisect import bisect_left
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
NOT_COUNTED = -1
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
    """Of one entity, all facts from `since_ms` on that have a signature: the others are like nothing.

    Each knows how many earlier ones tell the same, from when that is first asked for: so a story that is told a hundred
    times is compared once for each fact that comes, and not once for each pair.
    """

    def __init__(self, since_ms: int, facts: dict[Age, bytes]) -> None:
        self.since_ms = since_ms
        self._ages = sorted(facts)
        self._signatures = np.empty((2 * len(facts) + 4, BYTES // 8), dtype=np.uint64)
        self._signatures[: len(facts)] = _signatures(b"".join(facts[age] for age in self._ages))
        self._told_by = np.full(len(self._signatures), NOT_COUNTED, dtype=np.int32)

    @property
    def size(self) -> int:
        """How much memory it takes, in facts."""
        return len(self._ages) + ENTITY_SIZE

    def add(self, own: Age, signature: bytes) -> list[int]:
        """One more fact; gives the event times of the facts that repeat a story since it is there."""
        if not signature:
            return []
        place, told = bisect_left(self._ages, own), _signatures(signature)[0]
        earlier, later = self._like(own, place, told)
        repeats = [own[0]] if earlier else []
        for other in later:
            if not self._count(other):
                repeats.append(self._ages[other][0])
            self._told_by[other] += 1
        self._insert(place, own, told, earlier)
        return repeats

    def remove(self, own: Age, signature: bytes) -> list[int]:
        """One fact less, if it is there; gives the event times of the facts that repeated a story as long as it was."""
        place = bisect_left(self._ages, own)
        if self._ages[place : place + 1] != [own]:
            return []
        del self._ages[place]
        for column in (self._signatures, self._told_by):
            column[place:-1] = column[place + 1 :]
        earlier, later = self._like(own, place, _signatures(signature)[0])
        repeated = [own[0]] if earlier else []
        for other in later:
            if self._told_by[other] != NOT_COUNTED:
                self._told_by[other] -= 1
            if not self._count(other):
                repeated.append(self._ages[other][0])
        return repeated

    def _like(self, own: Age, place: int, told: Signatures) -> tuple[int, list[int]]:
        """How many facts before a place, and which from there on, tell the same as one of this age."""
        low, high = self._place(own[0] - REPEAT_WITHIN_MS), self._place(own[0] + REPEAT_WITHIN_MS + 1)
        like = np.flatnonzero(different_bits(told, self._signatures[low:high]) <= DIFFERENT_MAX) + low
        earlier = int(np.searchsorted(like, place))
        return earlier, like[earlier:].tolist()

    def _count(self, place: int) -> int:
        """How many earlier facts tell the same as one that is there."""
        if self._told_by[place] == NOT_COUNTED:
            low = self._place(self._ages[place][0] - REPEAT_WITHIN_MS)
            bits = different_bits(self._signatures[place], self._signatures[low:place])
            self._told_by[place] = np.count_nonzero(bits <= DIFFERENT_MAX)
        return int(self._told_by[place])

    def _insert(self, place: int, own: Age, told: Signatures, earlier: int) -> None:
        count = len(self._ages)
        if count == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
            self._told_by = np.concatenate([self._told_by, np.empty_like(self._told_by)])
        for column in (self._signatures, self._told_by):
            column[place + 1 : count + 1] = column[place:count]
        self._signatures[place], self._told_by[place] = told, earlier
        self._ages.insert(place, own)

    def trim(self) -> None:
        """Forgets what is much older than the newest one."""
        if not self._ages or self._ages[-1][0] - self.since_ms <= TRIMMED_AT_MS:
            return
        since_ms = self._ages[-1][0] - KEPT_MS
        gone = self._place(since_ms)
        del self._ages[:gone]
        self._signatures, self._told_by = self._signatures[gone:].copy(), self._told_by[gone:].copy()
        self.since_ms = since_ms

    def _place(self, time_ms: int) -> int:
        """Of the first fact that is not earlier."""
        return bisect_left(self._ages, (time_ms, "", ""))


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
        more.subtract(stories.remove(age(fact), fact.value.signature))
    for fact in change.come:
        more.update(stories.add(age(fact), fact.value.signature))
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
