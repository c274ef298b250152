"""The edges of an entity over a window that moves: summed once, then kept right by what is added and by each minute.

Kept is the sum of the very buckets that `serving.windows.cover` names for the window. As sums are whole
numbers, it is what reading them again would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from serving import answers
from serving.changes import EdgeChange
from serving.fragments import Fragment, Present
from serving.keyspace import GRAIN_BYTES, TIME_MAX, Packed
from serving.neighbors import Edges, Neighbor, edges_by_minute, edges_of, rank
from serving.queries import Question
from serving.views import View
from serving.window_rows import HOUR_MS
from serving.windows import MINUTE_MS, Window, cover
from udfs.changelog import Grain, NodeRow
from wiregraph.v1 import graph_pb2

LIMITS_MAX = 8
"""So many different limits are remembered for."""
NO_EDGE: Packed = (0, 0, 0)
Names = Callable[[str], NodeRow | None]
_GRAINS = {grain: code.decode() for grain, code in GRAIN_BYTES.items()}
_MINUTE = _GRAINS[Grain.MINUTE]


class EdgeSums:
    """Not for more than one thread, but for `answers`: by limit, each for as long as the window moves over nothing."""

    def __init__(self, view: View, entity: str, window: Window) -> None:
        self.window = window
        self.edges: Edges = edges_of(view, entity, Question(window))
        self.answers: dict[int, Fragment] = {}
        self._runs = _runs(window)
        self._leaving = edges_by_minute(view, entity, window.start_ms, min(_hours(window)[0], window.end_ms))
        self._coming = edges_by_minute(view, entity, window.end_ms, TIME_MAX)
        self._least: dict[int, int] = {}
        self._items: dict[str, tuple[Packed, bytes]] = {}

    def change(self, other: str, change: EdgeChange) -> None:
        """Adds what was added to a bucket, if it is one of the window's, or will be."""
        more, start_ms = (change.articles, change.weight, change.weighted), change.start
        if change.grain == _MINUTE and start_ms >= self.window.end_ms:
            _add(self._coming.setdefault(start_ms, {}), other, more)
            self.answers = {}
        for code, first_ms, end_ms in self._runs:
            if code == change.grain and first_ms <= start_ms < end_ms:
                _add(self.edges, other, more)
                self.answers = {}
                if code == _MINUTE and start_ms < _hours(self.window)[0]:
                    _add(self._leaving.setdefault(start_ms, {}), other, more)
                return

    def move(self, window: Window) -> bool:
        """Goes on to a later window of the same length; False where it is made of other hours: read it anew then."""
        before = self.window
        if _hours(window) != _hours(before) or window.start_ms >= before.end_ms:
            return False
        for start_ms in range(before.start_ms, window.start_ms, MINUTE_MS):
            for other, (articles, weight, weighted) in self._leaving.pop(start_ms, {}).items():
                _add(self.edges, other, (-articles, -weight, -weighted))
                self.answers = {}
        for start_ms in range(before.end_ms, window.end_ms, MINUTE_MS):
            come = self._coming.pop(start_ms, {})
            for other, more in come.items():
                _add(self.edges, other, more)
                self.answers = {}
            if come and start_ms < _hours(window)[0]:
                self._leaving[start_ms] = come
        self.window, self._runs = window, _runs(window)
        return True

    def answer(self, names: Names, limit: int, now: Present) -> Fragment:
        """The neighbours by falling weight, at most `limit`, all for 0; the window ends now."""
        fragment = self.answers.get(limit)
        if fragment is None or not now.fits(fragment):
            if len(self.answers) >= LIMITS_MAX:
                self.forget_answers()
            fragment = Fragment(b"".join(self._ranked(names, limit)), now.number, self._until_ms())
            self.answers[limit] = fragment
        return fragment

    def forget_answers(self) -> None:
        """Since a node in them is another one."""
        self.answers, self._items, self._least = {}, {}, {}

    def _ranked(self, names: Names, limit: int) -> list[bytes]:
        edges, least = self.edges, self._least.get(limit, 0)
        # Weights change little from answer to answer: so most are known to be too light without sorting them.
        heavy = [other for other, sums in edges.items() if sums[1] >= least] if limit else list(edges)
        found = self._first(names, heavy, limit)
        if len(found) < limit and len(heavy) < len(edges):
            found = self._first(names, list(edges), limit)
        self._items = {other: (edges[other], item) for other, item in found}
        if limit and len(found) == limit:
            self._least[limit] = edges[found[-1][0]][1]
        return [item for _, item in found]

    def _first(self, names: Names, others: list[str], limit: int) -> list[tuple[str, bytes]]:
        return list(islice(self._known(names, sorted(others, key=rank(self.edges))), limit or None))

    def _known(self, names: Names, ordered: list[str]) -> Iterator[tuple[str, bytes]]:
        for other in ordered:
            sums, item = self._items.get(other, (None, b""))
            if sums != self.edges[other]:
                node = names(other)
                if node is None:
                    continue
                one = answers.neighbor(Neighbor(node, *self.edges[other]))
                item = graph_pb2.GetNeighborsResponse(neighbors=[one]).SerializeToString()
            yield other, item

    def _until_ms(self) -> int:
        """When the window passes an edge, or is made of other hours."""
        start_ms, end_ms, length_ms = self.window.start_ms, self.window.end_ms, self.window.length_ms
        if not (start_ms % HOUR_MS and end_ms % HOUR_MS):
            return end_ms + MINUTE_MS
        ends_ms = [end_ms - end_ms % HOUR_MS, start_ms - start_ms % HOUR_MS + length_ms]
        passes_ms = [start + MINUTE_MS + length_ms for start in self._leaving]
        comes_ms = [start + MINUTE_MS for start in self._coming]
        return min(*(hour_ms + HOUR_MS for hour_ms in ends_ms), *passes_ms, *comes_ms)


def _add(edges: Edges, other: str, more: Packed) -> None:
    articles, weight, weighted = edges.get(other, NO_EDGE)
    sums = (articles + more[0], weight + more[1], weighted + more[2])
    if any(sums):
        edges[other] = sums
    else:
        edges.pop(other, None)


def _runs(window: Window) -> list[tuple[str, int, int]]:
    return [(_GRAINS[run.grain], run.start_ms, run.end_ms) for run in cover([window])]


def _hours(window: Window) -> tuple[int, int]:
    """The first and the last whole hour's bound in a window: between them it is made of hours and days."""
    return window.start_ms + -window.start_ms % HOUR_MS, window.end_ms - window.end_ms % HOUR_MS
