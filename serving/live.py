"""One store as a process answers from it now: its present moment, and the answers that are still right.

A batch of the applier's says what it changed (see `serving.changes`). The follower drops the answers about
that, then shows the new moment. So an answer that is there is right, without a look at the store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from serving import keyspace
from serving.changes import KEPT, Changes, load_changes
from serving.fragments import Fragment, Present, present
from serving.kept_edges import KeptEdges, kept_sums
from serving.kept_scores import NOTHING, KeptScores
from serving.progress import Progress, ProgressError, load_progress
from serving.settings import Sizes
from serving.since import by_entity
from serving.store import GraphReader, StoreError, View
from serving.versions import Version, version_of
from serving.windows import MINUTE_MS, floor_minute
from udfs.changelog import Grain
from udfs.names import SECTOR_PREFIX

WINDOWS_MS = (5 * MINUTE_MS, Grain.HOUR.length_ms, Grain.DAY.length_ms, 7 * Grain.DAY.length_ms)
"""The standard windows, whose answers are kept."""
COMPUTED_AT_ONCE = 16
"""So many scores are computed before the follower may move the store on."""
SOON_MAX = 64
"""So many that can be made of what is kept are computed while no other call is answered: about 10 ms."""
ROUNDS_MAX = 4


class Live:
    """Follows one reader; `now` is None while there is nothing to answer from in this way.

    `now`, `score`, `scores` and `neighbors` are for any thread, all else is for the follower. With `ready` they wait
    for nothing and compute at most a few answers of what is kept, else give None. `kept` and `computed` count the
    answers of either kind, about.
    """

    def __init__(self, reader: GraphReader, forward: Callable[[Version], bool], sizes: Sizes) -> None:
        self.reader = reader
        self.now: Present | None = None
        self.kept = 0
        self._computed_lists = 0
        self._forward = forward
        self._number = 0
        self._seen: Progress | None = None
        self._seen_bytes: bytes | None = None
        self._view: View | None = None
        self._scores = KeptScores(sizes.scores)
        self._edges = KeptEdges(sizes.edges)

    @property
    def computed(self) -> int:
        """How many answers were not there."""
        return self._scores.computed + self._computed_lists

    def score(self, entity: str, window_ms: int, *, ready: bool = False) -> tuple[Present, Fragment] | None:
        """The score of an entity over the latest window; None where there is no present or it is no entity's id."""
        now, fragment = self.now, self._scores.young.get(entity, NOTHING).get(window_ms)
        if now is not None and fragment is not None and now.fits(fragment):
            self.kept += 1
            return now, fragment
        found = self.scores((entity,), window_ms, ready=ready)
        return None if found is None else (found[0], found[1][0])

    def scores(
        self, entities: Sequence[str], window_ms: int, *, ready: bool = False
    ) -> tuple[Present, list[Fragment]] | None:
        """Those of many, all as of one moment."""
        computed = 0
        for _ in range(ROUNDS_MAX):
            now, young = self.now, self._scores.young
            if now is None:
                return None
            held = [young.get(entity, NOTHING).get(window_ms) for entity in entities]
            number, end_ms = now.number, now.end_ms
            right = [one for one in held if one is not None and one.born <= number and end_ms < one.until_ms]
            if len(right) == len(entities):
                self.kept += len(right) - computed
                return now, right
            missing = {entity: one for entity, one in zip(entities, held, strict=True) if not (one and now.fits(one))}
            if (ready and not _are_soon(missing.values())) or not self._compute([*missing], window_ms, wait=not ready):
                return None
            computed = computed or len(missing)
        return None if ready else self._computed(entities, window_ms)

    def _compute(self, entities: Sequence[str], window_ms: int, *, wait: bool) -> bool:
        """A few at a time; whether all were."""
        parts = (entities[at : at + COMPUTED_AT_ONCE] for at in range(0, len(entities), COMPUTED_AT_ONCE))
        return all(self._computed(part, window_ms, wait=wait) for part in parts)

    def _computed(
        self, entities: Sequence[str], window_ms: int, *, wait: bool = True
    ) -> tuple[Present, list[Fragment]] | None:
        if not self.reader.lock.acquire(blocking=wait):
            return None
        try:
            now = self.now
            if now is None or any(not one or one.startswith(SECTOR_PREFIX) for one in entities):
                return None
            view = self._present_view()
            return now, [self._scores.score(view, entity, window_ms, now) for entity in entities]
        finally:
            self.reader.lock.release()

    def neighbors(
        self, entity: str, window_ms: int, limit: int, *, ready: bool = False
    ) -> tuple[Present, Fragment] | None:
        """An entity's neighbours over the latest window, all where the limit is 0; None also for an unknown one."""
        now, held = self.now, kept_sums(self._edges, entity, window_ms)
        fragment = held.answers.get(limit) if held else None
        if now is not None and fragment is not None and now.fits(fragment):
            self.kept += 1
            return now, fragment
        is_soon = now is not None and held is not None and held.window.end_ms == now.end_ms
        if (ready and not is_soon) or not self.reader.lock.acquire(blocking=not ready):
            return None
        try:
            now = self.now
            if now is None:
                return None
            view = self._present_view()
            sums = self._edges.sums(view, entity, window_ms, now)
            if sums is None:
                return None
            before = sums.answers.get(limit)
            fragment = sums.answer(partial(self._edges.name, view), limit, now)
            self.kept += fragment is before
            self._computed_lists += fragment is not before
            return now, fragment
        finally:
            self.reader.lock.release()

    def _present_view(self) -> View:
        """One for all who hold the lock, since to open one takes as long as to read an entity's rows."""
        if self._view is None:
            self._view = self.reader.view()
        return self._view

    def prepare(self) -> bool:
        """Computes one answer that will be wanted when the minute moves; whether there was one to compute.

        Raises `StoreError`.
        """
        with self.reader.lock:
            return self.now is not None and self._scores.prepare(self._present_view(), self.now)

    def catch_up(self) -> bool:
        """Reads what was written since and shows it; whether that was anything.

        Raises `StoreError` and `ProgressError`, after which there is nothing to answer from.
        """
        with self.reader.lock:
            self._view = None
            try:
                self.reader.catch_up()
                view = self._present_view()
                # Not by sequence numbers: they may rise before the writes can be seen.
                stored = view.get(keyspace.PROGRESS)
                moved = stored is None or stored != self._seen_bytes
                if moved or self.now is None:
                    self.now = self._next(view, stored)
            except (StoreError, ProgressError):
                self.hide()
                raise
        return moved

    def hide(self) -> None:
        """Forgets all and answers no more, until it catches up."""
        with self.reader.lock:
            self.now = self._seen = self._seen_bytes = self._view = None
            self._clear()

    def _next(self, view: View, stored: bytes | None) -> Present | None:
        progress = load_progress(stored)
        if not progress.ready or not self._forward(version_of(progress)):
            return None
        before, self._seen, self._seen_bytes = self._seen, progress, stored
        changes = None if before is None else _changes(view, before, progress)
        if changes is None:
            self._clear()
        else:
            self._drop(view, changes)
        self._number += 1
        return present(self._number, progress)

    def _clear(self) -> None:
        self._scores.clear()
        self._edges.clear()

    def _drop(self, view: View, changes: Sequence[Changes]) -> None:
        for entity, since in by_entity(changes).items():
            self._scores.change(entity, since)
        for one in changes:
            for edge in one.edges:
                self._edges.change(edge)
            for node in one.nodes:
                self._scores.drop(node)
                self._edges.rename(view, node)


def _are_soon(fragments: Collection[Fragment | None]) -> bool:
    """Whether answers can be made of what is kept, and are not too many."""
    return len(fragments) <= SOON_MAX and all(one is not None and one.basis for one in fragments)


def _changes(view: View, before: Progress, now: Progress) -> list[Changes] | None:
    """What changed between two moments; None where that is not known, or concerns all."""
    if now.changes - before.changes > KEPT or _beginning(before) != _beginning(now):
        return None
    stored = [view.get(keyspace.change_key(number)) for number in range(before.changes + 1, now.changes + 1)]
    records = [known for one in stored if one is not None and (known := load_changes(one)) is not None]
    return records if len(records) == len(stored) else None


def _beginning(progress: Progress) -> int | None:
    """Scores look at how many windows exist since the minute of the first event."""
    return None if progress.first_event_ms is None else floor_minute(progress.first_event_ms)
