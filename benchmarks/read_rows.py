"""Rows of the changelog as the news job writes them, made from the benchmark's generated entities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from benchmarks.read_graph import CLEAR, MODELS
from benchmarks.read_names import entity_id
from udfs.changelog import BucketRow, EdgeRow, FactRow, Grain, Kind, NodeRow, Row, product_micro
from udfs.edges import EdgeEnd, edge_terms
from udfs.records import MICRO
from udfs.similarity import signature
from udfs.topics import NEWS

_NOTHING = (0,) * 8


def record(row: Row) -> tuple[bytes, bytes]:
    """A record's key and value."""
    fields = {name: getattr(row, name) for name in type(row).__dataclass_fields__}
    return _key(row).encode(), orjson.dumps(fields)


def _key(row: Row) -> str:
    match row:
        case FactRow():
            return f"{Kind.FACT}/{row.entity}/{row.topic}/{row.article}"
        case BucketRow():
            return f"{Kind.BUCKET}/{row.entity}/{row.grain}/{row.start}"
        case EdgeRow():
            return f"{Kind.EDGE}/{row.a}/{row.b}/{row.grain}/{row.start}"
        case NodeRow():
            return f"{Kind.NODE}/{row.entity}"
        case _:
            return f"{Kind.COUNT}/{row.topic}/{row.partition}"


def node_row(number: int) -> NodeRow:
    """An entity's name, type and sector."""
    return NodeRow(entity_id(number), f"Company {number:05d}", "ORG", "Industrials" if number % 2 else "Financials", 1)


@dataclass(slots=True)
class Articles:
    """Articles one after the other, as the rows that each changes; sums go on from article to article."""

    shares: list[float]
    """Cumulated weights of the entities."""
    rng: Random = field(default_factory=lambda: Random(7))
    _buckets: dict[tuple[str, str, int], tuple[int, ...]] = field(default_factory=dict)
    _edges: dict[tuple[str, str, str, int], tuple[int, ...]] = field(default_factory=dict)
    _count: int = 0

    def facts(self, time_ms: int) -> list[FactRow]:
        """The next article: one to three different entities."""
        self._count += 1
        rng, count = self.rng, self.rng.randint(1, 3)
        numbers = {rng.choices(range(len(self.shares)), cum_weights=self.shares)[0] for _ in range(count)}
        return [self._fact(entity_id(number), time_ms) for number in sorted(numbers)]

    def _fact(self, entity: str, time_ms: int) -> FactRow:
        rng, article = self.rng, f"live-{self._count}"
        sentiment, relevance = rng.randint(-MICRO, MICRO), rng.randint(MICRO // 20, MICRO)
        polarity = (sentiment > CLEAR) - (sentiment < -CLEAR)
        measured = (rng.randint(1, 3), 10, sentiment, relevance, polarity, 0, 0)
        headline = f"Shares of {entity} move in session {self._count}"
        texts = (MODELS, "Markets", headline, "bench", f"bench:{article}", signature(headline))
        return FactRow(entity, NEWS, article, time_ms, time_ms, False, *measured, *texts, 1)

    def rows(self, time_ms: int) -> Iterator[Row]:
        """All rows of the next article."""
        facts = self.facts(time_ms)
        yield from facts
        for fact in facts:
            yield from (self._bucket(fact, grain) for grain in Grain)
        yield from self.edges(facts)

    def edges(self, facts: list[FactRow]) -> Iterator[EdgeRow]:
        """The rows of an article's edges."""
        if len(facts) > 1:
            for term in edge_terms(map(EdgeEnd.of_row, facts)).terms:
                added = (1, term.weight, term.weighted)
                yield from (self._edge(term.a, term.b, (grain, facts[0].event_time), added) for grain in Grain)

    def _bucket(self, fact: FactRow, grain: Grain) -> BucketRow:
        r, s = fact.relevance, fact.sentiment
        signs = (fact.polarity > 0, fact.polarity == 0, fact.polarity < 0)
        added = (1, fact.mentions, r, product_micro(r, s), product_micro(r, s, s), *map(int, signs))
        start = fact.event_time - fact.event_time % grain.length_ms
        key = (fact.entity, str(grain), start)
        sums = tuple(map(sum, zip(self._buckets.get(key, _NOTHING), added, strict=True)))
        self._buckets[key] = sums
        fields: tuple[Any, ...] = (*key, *sums[1:], sums[0])
        return BucketRow(*fields)

    def _edge(self, a: str, b: str, at: tuple[Grain, int], added: tuple[int, int, int]) -> EdgeRow:
        grain, time_ms = at
        key = (a, b, str(grain), time_ms - time_ms % grain.length_ms)
        sums = tuple(map(sum, zip(self._edges.get(key, (0, 0, 0)), added, strict=True)))
        self._edges[key] = sums
        fields: tuple[Any, ...] = (*key, *sums[1:], sums[0])
        return EdgeRow(*fields)
