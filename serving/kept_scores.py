"""The scores that a process keeps, by entity and standard window, each for as long as it is right."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from serving.fragments import Fragment, Present, score_fragment
from serving.generations import Generations
from serving.views import View
from serving.windows import MINUTE_MS

NOTHING: Mapping[int, Fragment] = {}
RIPE_AFTER = 10
"""Moments that a score must have lasted before the one of the next minute is computed: else it would be in vain."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A score that the next minute makes another one, as it was when it was computed."""

    entity: str
    window_ms: int
    born: int


class KeptScores:
    """`young` is for any thread, fragments by window in ms, by entity; all else is for who holds the store's lock.

    `computed` counts.
    """

    def __init__(self, weight_max: int) -> None:
        self.computed = 0
        self._entities: Generations[str, Mapping[int, Fragment]] = Generations(weight_max)
        self._due: deque[_Due] = deque()
        self._due_for_ms = 0

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
        if fragment.until_ms == now.end_ms + MINUTE_MS:
            self._due.append(_Due(entity, window_ms, fragment.born))
        return fragment

    def _put(self, entity: str, window_ms: int, fragment: Fragment) -> None:
        held = {**self._entities.young.get(entity, NOTHING), window_ms: fragment}
        self._entities.put(entity, held, sum(one.weight for one in held.values()))

    def change(self, entity: str, rows: Sequence[bytes]) -> None:
        """An entity's facts are others, and the buckets in these rows of its."""
        held = self._entities.young.get(entity, NOTHING)
        self._entities.drop(entity)
        left = {window_ms: stale for window_ms, one in held.items() if (stale := one.stale(rows))}
        if left:
            self._entities.put(entity, left, sum(one.weight for one in left.values()))

    def drop(self, entity: str) -> None:
        """Forgets an entity."""
        self._entities.drop(entity)

    def clear(self) -> None:
        """Forgets all."""
        self._entities.clear()
        self._due.clear()

    def prepare(self, view: View, now: Present) -> bool:
        """Computes one score for the next minute before it comes; whether there was one to compute."""
        until_ms = now.end_ms + MINUTE_MS
        if self._due_for_ms != until_ms:
            self._due_for_ms, self._due = until_ms, deque(self._ending(until_ms))
        while self._due and now.number - self._due[0].born >= RIPE_AFTER:
            due = self._due.popleft()
            fragment = self._entities.young.get(due.entity, NOTHING).get(due.window_ms)
            if fragment is None or fragment.ahead or (fragment.born, fragment.until_ms) != (due.born, until_ms):
                continue
            ahead = score_fragment(view, due.entity, due.window_ms, replace(now, end_ms=until_ms), fragment)
            self._put(due.entity, due.window_ms, replace(fragment, ahead=ahead))
            return True
        return False

    def _ending(self, until_ms: int) -> Iterator[_Due]:
        for entity, held in self._entities.young.items():
            for window_ms, fragment in held.items():
                if fragment.until_ms == until_ms and fragment.ahead is None:
                    yield _Due(entity, window_ms, fragment.born)
