"""The edges of an entity over a window that moves: summed once, then kept right by what is added and by each minute.

Kept is the sum of the very buckets that `serving.windows.cover` names for the window. As sums are whole
numbers, it is what reading them again would give.
"""

from __future__ import annotations

from dataclasses import replace

from serving.changes import EdgeChange
from serving.fragments import Fragment, Present, neighbors_fragment
from serving.keyspace import GRAIN_BYTES, Packed
from serving.neighbors import Edges, edges_of, ranked
from serving.queries import Question
from serving.views import View
from serving.window_rows import HOUR_MS
from serving.windows import MINUTE_MS, Window, add, cover

LIMITS_MAX = 8
"""So many different limits are remembered for."""
_GRAINS = {grain: code.decode() for grain, code in GRAIN_BYTES.items()}


class EdgeSums:
    """Not for more than one thread, but for `answers`: by limit, each as it was for the window's end."""

    def __init__(self, view: View, entity: str, window: Window) -> None:
        self.entity = entity
        self.window = window
        self.edges: Edges = edges_of(view, entity, Question(window))
        self.answers: dict[int, Fragment] = {}
        self._runs = _runs(window)

    def change(self, other: str, change: EdgeChange) -> None:
        """Adds what was added to a bucket, if it is one of the window's."""
        if any(code == change.grain and start <= change.start < end for code, start, end in self._runs):
            self._add(other, (change.articles, change.weight, change.weighted))

    def move(self, view: View, window: Window) -> bool:
        """Goes on to a later window of the same length; False where it is made of other hours: read it anew then."""
        before = self.window
        if _hours(window) != _hours(before) or window.start_ms >= before.end_ms:
            return False
        gone = edges_of(view, self.entity, Question(Window(window.start_ms, window.start_ms - before.start_ms)))
        come = edges_of(view, self.entity, Question(Window(window.end_ms, window.end_ms - before.end_ms)))
        for other, sums in gone.items():
            self._add(other, tuple(-one for one in sums))
        for other, sums in come.items():
            self._add(other, sums)
        until_ms = window.end_ms + MINUTE_MS
        self.answers = {limit: replace(one, until_ms=until_ms) for limit, one in self.answers.items()}
        self.window, self._runs = window, _runs(window)
        return True

    def answer(self, view: View, limit: int, now: Present) -> Fragment:
        """The neighbours by falling weight, at most `limit`, all for 0; the window ends now."""
        fragment = self.answers.get(limit)
        if fragment is None:
            if len(self.answers) >= LIMITS_MAX:
                self.answers = {}
            fragment = neighbors_fragment(ranked(view, self.edges, limit or None), now)
            self.answers[limit] = fragment
        return fragment

    def _add(self, other: str, more: Packed) -> None:
        sums = add(self.edges.get(other, (0, 0, 0)), more)
        if any(sums):
            self.edges[other] = sums
        else:
            self.edges.pop(other, None)
        if self.answers:
            self.answers = {}


def _runs(window: Window) -> list[tuple[str, int, int]]:
    return [(_GRAINS[run.grain], run.start_ms, run.end_ms) for run in cover([window])]


def _hours(window: Window) -> tuple[int, int]:
    """The first and the last whole hour's bound in a window: between them it is made of hours and days."""
    return window.start_ms + -window.start_ms % HOUR_MS, window.end_ms - window.end_ms % HOUR_MS
