"""The facts of an entity as stories in order, and which of them are similar. Pure.

A fact is earlier than another by event time, ties by topic and article. So what is similar to a fact depends on the
facts that are taken into account, and never on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from serving.keyspace import KnownFact
from udfs.changelog import Grain
from udfs.similarity import BYTES, DIFFERENT_MAX, different_bits

DAY_MS = Grain.DAY.length_ms
REPEAT_WITHIN_MS = DAY_MS
"""A fact repeats a story if it is similar to an earlier fact that is at most so much older."""

_NO_SIGNATURE = bytes(BYTES)


Age = tuple[int, str, str]
"""What facts of an entity are ordered by: event time, ties by topic and article."""


class Stories:
    """Facts of one entity, earliest first, and their event times in ms."""

    def __init__(self, facts: Iterable[KnownFact]) -> None:
        self.facts = sorted(facts, key=age)
        self.times = np.array([one.key.event_time for one in self.facts], dtype=np.int64)
        signatures = [one.value.signature for one in self.facts]
        self._told = np.array([bool(one) for one in signatures], dtype=bool)
        joined = b"".join(one or _NO_SIGNATURE for one in signatures)
        self._signatures = np.frombuffer(joined, dtype=np.uint64).reshape(-1, BYTES // 8)

    def differing(self, place: int, within_ms: int) -> tuple[int, NDArray[np.int64]]:
        """Earlier facts at most so much older: the first one's place, and in how many bits each differs from this one.

        A fact without a signature is like nothing: it differs in more bits than there are.
        """
        low = int(np.searchsorted(self.times[:place], self.times[place] - within_ms))
        bits = different_bits(self._signatures[place], self._signatures[low:place])
        told = self._told[low:place] & self._told[place]
        return low, np.where(told, bits, 8 * BYTES + 1)

    def repeats(self, from_ms: int = 0) -> list[int]:
        """The event times of the facts from a time on that repeat a story, ascending."""
        first = int(np.searchsorted(self.times, from_ms))
        return [int(self.times[place]) for place in range(first, len(self.times)) if self._is_repeat(place)]

    def _is_repeat(self, place: int) -> bool:
        _, bits = self.differing(place, REPEAT_WITHIN_MS)
        return bool(len(bits)) and int(bits.min()) <= DIFFERENT_MAX


def age(fact: KnownFact) -> Age:
    """Of a fact."""
    return fact.key.event_time, fact.key.topic, fact.key.article
