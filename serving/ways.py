"""How entities hang together over several edges: who is two hops away, and the best path of at most three.

A way is as strong as its weakest edge. Pure but for the reads, whose number is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from serving.keyspace import Packed
from serving.neighbors import Bounds, Edges, Neighbor, edges_of, strongest
from serving.queries import Question
from serving.store import View
from serving.subjects import find_node

HOPS_MAX = 3
EDGES_MAX = 1_000_000
"""One question looks at no more edges than so many."""


class TooManyEdgesError(Exception):
    """The entities have more edges than one question may look at."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An entity, the edge that leads to it, and the entity between, empty where there is none; in micro-units."""

    neighbor: Neighbor
    via: str
    strength: int

    @property
    def hops(self) -> int:
        """1 or 2."""
        return 2 if self.via else 1


@dataclass(frozen=True, slots=True)
class Expansion:
    """Who was reached; `complete` if nothing was left out."""

    reached: tuple[Reached, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Path:
    """The entities after the first one; none where there is no path. `strength` in micro-units."""

    steps: tuple[Neighbor, ...]
    strength: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a question goes: of an entity's neighbours the `fan_out` strongest are followed."""

    bounds: Bounds
    fan_out: int
    hops_max: int = HOPS_MAX


@dataclass(frozen=True, slots=True)
class _Way:
    """The weakest edge's weight, and the entity between."""

    strength: int
    via: str
    edge: Packed

    @property
    def rank(self) -> tuple[int, str]:
        return -self.strength, self.via


_Ranked = tuple[int, tuple[str, ...]]
"""Minus a way's strength, and its entities: the least of them is the best way."""


class _Edges:
    """The edges of entities over one window, each read once; raises `TooManyEdgesError`."""

    def __init__(self, view: View, question: Question, bounds: Bounds) -> None:
        self._view, self._question, self._bounds = view, question, bounds
        self._found: dict[str, Edges] = {}
        self._count = 0

    def of(self, entity: str) -> Edges:
        if entity not in self._found:
            self._found[entity] = edges_of(self._view, entity, self._question, self._bounds)
            self._count += len(self._found[entity])
            if self._count > EDGES_MAX:
                raise TooManyEdgesError(f"more than {EDGES_MAX:,} edges lie on the ways")
        return self._found[entity]


def expand(view: View, entity: str, question: Question, reach: Reach, limit: int) -> Expansion:
    """Who is one or two hops away: by hops, then falling strength, then id; each by its strongest way."""
    edges = _Edges(view, question, reach.bounds)
    near = edges.of(entity)
    followed = strongest(near)[: reach.fan_out]
    far: dict[str, _Way] = {}
    for via in followed:
        for other, edge in edges.of(via).items():
            way = _Way(min(near[via][1], edge[1]), via, edge)
            if other != entity and other not in near and (other not in far or way.rank < far[other].rank):
                far[other] = way
    ways = [(one, _Way(near[one][1], "", near[one])) for one in strongest(near)]
    ways += sorted(far.items(), key=lambda pair: (-pair[1].strength, pair[0]))
    reached = list(_reached(view, ways, reach.bounds.kind))
    return Expansion(tuple(reached[:limit]), len(followed) == len(near) and len(reached) <= limit)


def _reached(view: View, ways: list[tuple[str, _Way]], kind: str) -> Iterator[Reached]:
    for other, way in ways:
        node = find_node(view, other)
        if node is not None and kind in {"", node.type}:
            yield Reached(Neighbor(node, *way.edge), way.via, way.strength)


def find_path(view: View, start: str, end: str, question: Question, reach: Reach) -> Path:
    """The path of the fewest hops, of those the strongest, of those the first by ids from the lower end.

    The same path both ways. Over 3 hops the neighbours of that end are followed that has fewer.
    """
    low, high = min(start, end), max(start, end)
    edges = _Edges(view, question, reach.bounds)
    found = None
    complete = True
    for hops in range(1, reach.hops_max + 1):
        if hops == HOPS_MAX:
            complete = min(len(edges.of(low)), len(edges.of(high))) <= reach.fan_out
        found = min(_ways(edges, low, high, hops, reach.fan_out), default=None)
        if found is not None:
            break
    if found is None:
        return Path((), 0, complete)
    steps = _steps(view, edges, found[1] if start == low else found[1][::-1])
    return Path(tuple(steps), -found[0], complete)


def _ways(edges: _Edges, low: str, high: str, hops: int, fan_out: int) -> Iterator[_Ranked]:
    """Each way of so many hops, from the lower end to the higher."""
    from_low, from_high = edges.of(low), edges.of(high)
    if hops == HOPS_MAX:
        yield from _longest(edges, low, high, fan_out)
    elif hops > 1:
        for mid in from_low.keys() & from_high.keys():
            yield -min(from_low[mid][1], from_high[mid][1]), (low, mid, high)
    elif high in from_low:
        yield -from_low[high][1], (low, high)


def _longest(edges: _Edges, low: str, high: str, fan_out: int) -> Iterator[_Ranked]:
    turned = len(edges.of(high)) < len(edges.of(low))
    near, far = (edges.of(high), edges.of(low)) if turned else (edges.of(low), edges.of(high))
    for one in strongest(near)[:fan_out]:
        between = edges.of(one)
        for other in between.keys() & far.keys() - {low, high}:
            ids = (low, other, one, high) if turned else (low, one, other, high)
            yield -min(near[one][1], between[other][1], far[other][1]), ids


def _steps(view: View, edges: _Edges, ids: tuple[str, ...]) -> Iterator[Neighbor]:
    for before, entity in pairwise(ids):
        node = find_node(view, entity)
        if node is not None:
            yield Neighbor(node, *edges.of(before)[entity])
