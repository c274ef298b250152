"""The one definition of a co-mention: which entities of an article are joined, and with what terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from udfs.changelog import FactRow, product_micro
from udfs.records import MICRO, Fact

EDGE_ENTITIES_MAX = 20
"""Edges join this many of an article's entities, the most relevant ones; the others are counted."""


@dataclass(frozen=True, slots=True)
class EdgeEnd:
    """One entity of an article: its relevance (0..1) and sentiment (-1..1) in micro-units."""

    entity_id: str
    relevance_micro: int
    sentiment_micro: int

    @classmethod
    def of_fact(cls, fact: Fact) -> EdgeEnd:
        """The end that a fact of the job gives."""
        return cls(fact.entity.entity_id, fact.relevance_micro, fact.sentiment_micro)

    @classmethod
    def of_row(cls, row: FactRow) -> EdgeEnd:
        """The end that a fact of the changelog gives."""
        return cls(row.entity, row.relevance, row.sentiment)


@dataclass(frozen=True, slots=True)
class EdgeTerm:
    """What one article adds to the edge of `a` and `b`, a < b, in micro-units.

    `weight` = r_a*r_b, `weighted` = r_a*r_b*(s_a+s_b)/2, each rounded once, half away from zero.
    """

    a: str
    b: str
    weight: int
    weighted: int


@dataclass(frozen=True, slots=True)
class ArticleEdges:
    """The terms of an article, sorted by (a, b), and how many entities were left out of them."""

    terms: tuple[EdgeTerm, ...]
    cut: int


def edge_terms(ends: Iterable[EdgeEnd]) -> ArticleEdges:
    """The edges of ONE article, whose ends have distinct ids, in any order.

    Joined are the 20 most relevant entities, ties by id.
    """
    ranked = sorted(ends, key=lambda end: (-end.relevance_micro, end.entity_id))
    joined = sorted(ranked[:EDGE_ENTITIES_MAX], key=lambda end: end.entity_id)
    terms = tuple(_term(a, b) for a, b in combinations(joined, 2))
    return ArticleEdges(terms, max(0, len(ranked) - EDGE_ENTITIES_MAX))


def _term(a: EdgeEnd, b: EdgeEnd) -> EdgeTerm:
    weight = product_micro(a.relevance_micro, b.relevance_micro)
    exact = a.relevance_micro * b.relevance_micro * (a.sentiment_micro + b.sentiment_micro)
    return EdgeTerm(a.entity_id, b.entity_id, weight, _divide_half_away(exact, 2 * MICRO * MICRO))


def _divide_half_away(numerator: int, denominator: int) -> int:
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude
