"""Who is named together with an entity, from a view of the graph store. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from serving import keyspace
from serving.keyspace import FactKey, Packed
from serving.queries import Question, facts_in
from serving.store import View
from serving.subjects import find_node
from serving.windows import add, key_ranges
from udfs.changelog import Grain, NodeRow
from udfs.edges import EdgeEnd, EdgeTerm, edge_terms
from udfs.records import MICRO

Edges = dict[str, Packed]


@dataclass(frozen=True, slots=True)
class Neighbor:
    """An entity that stands in `articles` articles with another; `weight`, `weighted` in micro-units."""

    node: NodeRow
    articles: int
    weight: int
    weighted: int

    @property
    def sentiment(self) -> float | None:
        """Of the articles that name both, -1..1; None if the weight is 0."""
        return self.weighted / self.weight if self.weight else None

    @property
    def weight_units(self) -> float:
        """The sum of the products of both relevances."""
        return self.weight / MICRO


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an edge must have at least, and a neighbour's type, empty for any."""

    weight: int = 0
    articles: int = 0
    kind: str = ""


ALL = Bounds()


def neighbors(view: View, entity: str, question: Question, limit: int | None, bounds: Bounds = ALL) -> list[Neighbor]:
    """By falling weight, ties by id."""
    return ranked(view, edges_of(view, entity, question, bounds), limit, bounds.kind)


def ranked(view: View, edges: Edges, limit: int | None, kind: str = "") -> list[Neighbor]:
    """Those of the edges that lead to a node of the kind, empty for any: by falling weight, ties by id."""
    if limit is not None and not kind:
        found = list(_neighbors(view, nsmallest(limit, edges, key=rank(edges)), edges, kind))
        if len(found) == min(limit, len(edges)):
            return found
    return list(islice(_neighbors(view, strongest(edges), edges, kind), limit))


def _neighbors(view: View, ordered: Iterable[str], edges: Edges, kind: str) -> Iterator[Neighbor]:
    nodes = ((other, find_node(view, other)) for other in ordered)
    return (Neighbor(node, *edges[other]) for other, node in nodes if node is not None and kind in {"", node.type})


def rank(edges: Edges) -> Callable[[str], tuple[int, str]]:
    """By falling weight, ties by id."""
    return lambda other: (-edges[other][1], other)


def edges_of(view: View, entity: str, question: Question, bounds: Bounds = ALL) -> Edges:
    """Articles, weight and weighted by the entity at the other end, without those below the bounds."""
    edges = _edges(view, entity, question) if question.known_at_ms is None else _known_edges(view, entity, question)
    return {other: edge for other, edge in edges.items() if edge[0] >= bounds.articles and edge[1] >= bounds.weight}


def strongest(edges: Edges) -> list[str]:
    """Who is at the other end, by falling weight, ties by id."""
    return sorted(edges, key=rank(edges))


def _edges(view: View, entity: str, question: Question) -> dict[str, Packed]:
    edges: dict[str, Packed] = {}
    prefix = keyspace.edge_prefix(entity)
    for keys in key_ranges(question.window):
        for key, value in view.scan(prefix + keys.lower, prefix + keys.upper):
            other = key[len(prefix) + len(keys.lower) :].decode()
            edges[other] = add(edges.get(other, (0, 0, 0)), keyspace.unpack_edge(value))
    return edges


def edges_by_minute(view: View, entity: str, start_ms: int, end_ms: int) -> dict[int, Edges]:
    """The edges of each minute in [start, end) that has any, by its start."""
    found: dict[int, Edges] = {}
    prefix = keyspace.edge_prefix(entity)
    first, after = (keyspace.bucket_start(Grain.MINUTE, max(time_ms, 0)) for time_ms in (start_ms, end_ms))
    head = len(prefix) + len(first)
    for key, value in view.scan(prefix + first, prefix + after):
        minute = keyspace.parse_time(key[len(prefix) + 1 : head])
        found.setdefault(minute, {})[key[head:].decode()] = keyspace.unpack_edge(value)
    return found


def _known_edges(view: View, entity: str, question: Question) -> dict[str, Packed]:
    edges: dict[str, Packed] = {}
    for fact in list(facts_in(view, entity, question)):
        for other, term in edges_of_fact(view, fact.key, question.known_at_ms):
            edges[other] = add(edges.get(other, (0, 0, 0)), (1, term.weight, term.weighted))
    return edges


def edges_of_fact(view: View, fact: FactKey, known_at_ms: int | None) -> Iterator[tuple[str, EdgeTerm]]:
    """Who was known by then to stand in a fact's article beside its entity, and the edge between them."""
    for term in _article_terms(view, fact, known_at_ms):
        if fact.entity in {term.a, term.b}:
            yield term.b if term.a == fact.entity else term.a, term


def _article_terms(view: View, fact: FactKey, known_at_ms: int | None) -> tuple[EdgeTerm, ...]:
    prefix = keyspace.article_prefix(fact.topic, fact.article)
    ends = []
    for key, stored in view.scan_prefix(prefix):
        value = keyspace.unpack_fact(stored)
        if known_at_ms is None or value.known_time <= known_at_ms:
            ends.append(EdgeEnd(key[len(prefix) :].decode(), value.relevance, value.sentiment))
    return edge_terms(ends).terms
