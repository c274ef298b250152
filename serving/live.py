"""One store as a process answers from it now: its present moment, and the answers that are still right.

A batch of the applier's says what it changed (see `serving.changes`). The follower drops the answers about
that, then shows the new moment. So an answer that is there is right, without a look at the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from serving import keyspace
from serving.changes import KEPT, Changes, load_changes
from serving.edge_sums import EdgeSums
from serving.fragments import Fragment, Present, present, score_fragment
from serving.generations import Generations
from serving.progress import Progress, ProgressError
from serving.queries import find_node
from serving.settings import Sizes
from serving.store import GraphReader, StoreError, View
from serving.versions import Version, version_of
from serving.window_rows import SUFFIX_BYTES
from serving.windows import MINUTE_MS, Window, floor_minute
from udfs.changelog import Grain
from udfs.names import SECTOR_PREFIX

WINDOWS_MS = (5 * MINUTE_MS, Grain.HOUR.length_ms, Grain.DAY.length_ms, 7 * Grain.DAY.length_ms)
"""The standard windows, whose answers are kept."""
COMPUTED_AT_ONCE = 16
"""So many scores are computed before the follower may move the store on."""
ROUNDS_MAX = 4
ADJACENT_MAX = 10_000


class Live:
    """Follows one reader; `now` is None while there is nothing to answer from in this way.

    `now`, `score`, `scores` and `neighbors` are for any thread, all else is for the follower. `kept` and
    `computed` count the answers of either kind, about.
    """

    def __init__(self, reader: GraphReader, forward: Callable[[Version], bool], sizes: Sizes) -> None:
        self.reader = reader
        self.now: Present | None = None
        self.kept = 0
        self.computed = 0
        self._forward = forward
        self._number = 0
        self._seen: Progress | None = None
        self._scores: Generations[tuple[str, int], Fragment] = Generations(sizes.scores)
        self._edges: Generations[tuple[str, int], EdgeSums] = Generations(sizes.edges)

    def score(self, entity: str, window_ms: int) -> tuple[Present, Fragment] | None:
        """The score of an entity over the latest window; None where there is no present or it is no entity's id."""
        now, fragment = self.now, self._scores.young.get((entity, window_ms))
        if now is not None and fragment is not None and now.fits(fragment):
            self.kept += 1
            return now, fragment
        found = self.scores((entity,), window_ms)
        return None if found is None else (found[0], found[1][0])

    def scores(self, entities: Sequence[str], window_ms: int) -> tuple[Present, list[Fragment]] | None:
        """Those of many, all as of one moment."""
        for attempt in range(ROUNDS_MAX):
            now = self.now
            if now is None:
                return None
            number, end_ms, young = now.number, now.end_ms, self._scores.young
            held = [young.get((entity, window_ms)) for entity in entities]
            right = [one for one in held if one is not None and one.born <= number and end_ms < one.until_ms]
            if not attempt:
                self.kept += len(right)
            if len(right) == len(entities):
                return now, right
            pairs = zip(entities, held, strict=True)
            missing = [entity for entity, fragment in pairs if not (fragment and now.fits(fragment))]
            for at in range(0, len(missing), COMPUTED_AT_ONCE):
                if self._computed(missing[at : at + COMPUTED_AT_ONCE], window_ms) is None:
                    return None
        return self._computed(entities, window_ms)

    def _computed(self, entities: Sequence[str], window_ms: int) -> tuple[Present, list[Fragment]] | None:
        with self.reader.lock:
            now = self.now
            if now is None or any(not one or one.startswith(SECTOR_PREFIX) for one in entities):
                return None
            view = self.reader.view()
            return now, [self._score(view, entity, window_ms, now) for entity in entities]

    def _score(self, view: View, entity: str, window_ms: int, now: Present) -> Fragment:
        fragment = self._scores.use((entity, window_ms))
        if fragment is None or not now.fits(fragment):
            fragment = score_fragment(view, entity, window_ms, now, fragment)
            self._scores.put((entity, window_ms), fragment, fragment.weight)
            self.computed += 1
        return fragment

    def neighbors(self, entity: str, window_ms: int, limit: int) -> tuple[Present, Fragment] | None:
        """An entity's neighbours over the latest window, all where the limit is 0; None also for an unknown one."""
        now, sums = self.now, self._edges.young.get((entity, window_ms))
        fragment = sums.answers.get(limit) if sums else None
        if now is not None and fragment is not None and now.fits(fragment):
            self.kept += 1
            return now, fragment
        with self.reader.lock:
            now, view = self.now, self.reader.view()
            if now is None or find_node(view, entity) is None:
                return None
            self.computed += 1
            return now, self._edge_sums(view, entity, window_ms, now).answer(view, limit, now)

    def _edge_sums(self, view: View, entity: str, window_ms: int, now: Present) -> EdgeSums:
        key, window = (entity, window_ms), Window(now.end_ms, window_ms)
        sums = self._edges.use(key)
        if sums is None or (sums.window != window and not sums.move(view, window)):
            sums = EdgeSums(view, entity, window)
            self._edges.put(key, sums, len(sums.edges) + 1)
        return sums

    def catch_up(self) -> bool:
        """Reads what was written since and shows it; whether that was anything.

        Raises `StoreError` and `ProgressError`, after which there is nothing to answer from.
        """
        with self.reader.lock:
            try:
                self.reader.catch_up()
                view = self.reader.view()
                # Not by sequence numbers: they may rise before the writes can be seen.
                moved = view.progress() != self._seen
                if moved or self.now is None:
                    self.now = self._next(view)
            except (StoreError, ProgressError):
                self.hide()
                raise
        return moved

    def hide(self) -> None:
        """Forgets all and answers no more, until it catches up."""
        with self.reader.lock:
            self.now = self._seen = None
            self._clear()

    def _next(self, view: View) -> Present | None:
        progress = view.progress()
        if not progress.ready or not self._forward(version_of(progress)):
            return None
        before, self._seen = self._seen, progress
        changes = None if before is None else _changes(view, before, progress)
        if changes is None:
            self._clear()
        else:
            for change in changes:
                self._drop(view, change)
        self._number += 1
        return present(self._number, progress)

    def _clear(self) -> None:
        self._scores.clear()
        self._edges.clear()

    def _drop(self, view: View, changes: Changes) -> None:
        for entity in changes.entities:
            for window_ms in WINDOWS_MS:
                self._scores.drop((entity, window_ms))
        for change in changes.edges:
            for one, other in ((change.a, change.b), (change.b, change.a)):
                for sums in self._held(one):
                    sums.change(other, change)
        for node in changes.nodes:
            self._rename(view, node)

    def _rename(self, view: View, node: str) -> None:
        """Lists in which a node stands or should stand are made again."""
        prefix = keyspace.edge_prefix(node)
        keys = [key for key, _ in islice(view.scan_prefix(prefix), ADJACENT_MAX)]
        if len(keys) == ADJACENT_MAX:
            self._edges.clear()
        for entity in {node, *(key[len(prefix) + SUFFIX_BYTES :].decode() for key in keys)}:
            for sums in self._held(entity):
                sums.answers = {}

    def _held(self, entity: str) -> Iterator[EdgeSums]:
        for window_ms in WINDOWS_MS:
            sums = self._edges.peek((entity, window_ms))
            if sums is not None:
                yield sums


def _changes(view: View, before: Progress, now: Progress) -> list[Changes] | None:
    """What changed between two moments; None where that is not known, or concerns all."""
    if now.changes - before.changes > KEPT or _beginning(before) != _beginning(now):
        return None
    stored = [view.get(keyspace.change_key(number)) for number in range(before.changes + 1, now.changes + 1)]
    records = [load_changes(one) for one in stored if one is not None]
    return records if len(records) == len(stored) else None


def _beginning(progress: Progress) -> int | None:
    """Scores look at how many windows exist since the minute of the first event."""
    return None if progress.first_event_ms is None else floor_minute(progress.first_event_ms)
