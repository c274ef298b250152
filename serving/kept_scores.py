"""The scores that a process keeps, by entity and standard window, each for as long as it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from serving.fragments import Fragment, Present, score_fragment
from serving.generations import Generations
from serving.since import Since
from serving.views import View
from serving.windows import MINUTE_MS

NOTHING: Mapping[int, Fragment] = {}
RIPE_AFTER = 10
"""Moments that a score must have lasted before the one of the next minute is computed: else it would be in vain."""


class KeptScores:
    """`young` is for any thread, fragments by window in ms, by entity; all else is for who holds the store's lock.

    `computed` counts.
    """

    def __init__(self, weight_max: int) -> None:
        self.computed = 0
        self._entities: Generations[str, Mapping[int, Fragment]] = Generations(weight_max)
        self._ends: dict[int, dict[tuple[str, int], int]] = {}
        """By the time from which a score is another one: its entity and window, and when it was born, oldest first."""
        self._prepared_ms = 0

    @property
    def young(self) -> Mapping[str, Mapping[int, Fragment]]:
        """What was used of late."""
        return self._entities.young

    def score(self, view: View, entity: str, window_ms: int, now: Present) -> Fragment:
        """The one that is right now; from the store only where none that is kept is."""
        before = (self._entities.use(entity) or NOTHING).get(window_ms)
        if before is not None and now.fits(before):
            return before
        fragment = before.ahead if before else None
        if fragment is None or not now.fits(fragment):
            fragment = score_fragment(view, entity, window_ms, now, fragment or before)
            self.computed += 1
        self._put(entity, window_ms, fragment)
        if fragment.content:
            ending = self._ends.setdefault(fragment.until_ms, {})
            ending.pop((entity, window_ms), None)
            ending[entity, window_ms] = fragment.born
        return fragment

    def _put(self, entity: str, window_ms: int, fragment: Fragment) -> None:
        held = {**self._entities.young.get(entity, NOTHING), window_ms: fragment}
        self._entities.put(entity, held, sum(one.weight for one in held.values()))

    def change(self, entity: str, since: Since) -> None:
        """Something has changed of an entity."""
        held = self._entities.young.get(entity, NOTHING)
        self._entities.drop(entity)
        left = {window_ms: stale for window_ms, one in held.items() if (stale := one.stale(since))}
        if left:
            self._entities.put(entity, left, sum(one.weight for one in left.values()))

    def drop(self, entity: str) -> None:
        """Forgets an entity."""
        self._entities.drop(entity)

    def clear(self) -> None:
        """Forgets all."""
        self._entities.clear()
        self._ends.clear()

    def prepare(self, view: View, now: Present) -> bool:
        """Computes one score for the next minute before it comes; whether there was one to compute."""
        until_ms = now.end_ms + MINUTE_MS
        if self._prepared_ms != until_ms:
            self._prepared_ms = until_ms
            for passed_ms in [ends_ms for ends_ms in self._ends if ends_ms < until_ms]:
                del self._ends[passed_ms]
        ending = self._ends.get(until_ms, {})
        while ending:
            (entity, window_ms), born = next(iter(ending.items()))
            if now.number - born < RIPE_AFTER:
                break
            del ending[entity, window_ms]
            fragment = self._entities.young.get(entity, NOTHING).get(window_ms)
            if fragment is None or fragment.ahead or (fragment.born, fragment.until_ms) != (born, until_ms):
                continue
            ahead = score_fragment(view, entity, window_ms, replace(now, end_ms=until_ms), fragment)
            self._put(entity, window_ms, replace(fragment, ahead=ahead))
            return True
        return False
