"""Brute-force twins of the questions over several edges: every way is walked, the best one taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.oracles.twin import TwinEdge

Joined = dict[str, dict[str, TwinEdge]]


@dataclass(frozen=True)
class TwinWay:
    """A way over entities, the first one included."""

    ids: tuple[str, ...]
    strength: int

    @property
    def hops(self) -> int:
        return len(self.ids) - 1


def within(edges: Joined, weight: int, articles: int) -> Joined:
    """The edges that are heavy enough, from both ends."""
    return {
        one: {other: edge for other, edge in others.items() if edge.weight >= weight and edge.articles >= articles}
        for one, others in edges.items()
    }


def followed(edges: Joined, entity: str, fan_out: int) -> list[str]:
    others = edges.get(entity, {})
    return sorted(others, key=lambda other: (-others[other].weight, other))[:fan_out]


def walks(edges: Joined, ids: tuple[str, ...], hops: int) -> Iterator[TwinWay]:
    """Every way of at most so many hops that visits nobody twice."""
    if len(ids) > 1:
        yield TwinWay(ids, min(edges[a][b].weight for a, b in pairwise(ids)))
    if len(ids) <= hops:
        for other in edges.get(ids[-1], {}):
            if other not in ids:
                yield from walks(edges, (*ids, other), hops)


def expansion(edges: Joined, entity: str, fan_out: int) -> list[TwinWay]:
    """The best way to each entity that is one or two hops away."""
    first = followed(edges, entity, fan_out)
    ways = [way for way in walks(edges, (entity,), 2) if way.hops == 1 or way.ids[1] in first]
    best: dict[str, TwinWay] = {}
    for way in sorted(ways, key=lambda way: (way.hops, -way.strength, way.ids)):
        best.setdefault(way.ids[-1], way)
    return sorted(best.values(), key=lambda way: (way.hops, -way.strength, way.ids[-1]))


def path(edges: Joined, start: str, end: str, hops: int, fan_out: int) -> TwinWay | None:
    """The best of all ways from the lower end to the higher, None if there is none."""
    low, high = min(start, end), max(start, end)
    ways = [way for way in walks(edges, (low,), hops) if way.ids[-1] == high]
    turned = len(edges.get(high, {})) < len(edges.get(low, {}))
    near = followed(edges, high if turned else low, fan_out)
    ways = [way for way in ways if way.hops < 3 or way.ids[-2 if turned else 1] in near]
    best = min(ways, key=lambda way: (way.hops, -way.strength, way.ids), default=None)
    return TwinWay(best.ids[::-1], best.strength) if best and start != low else best
