"""The graph that reads are measured on: entities by Zipf's law over weeks of event time, all from one seed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.read_names import ENTITIES
from udfs.changelog import Grain
from udfs.records import MICRO

Ints = NDArray[np.int64]

DAYS = 35
DAY_MS = Grain.DAY.length_ms
END_MS = 19_676 * DAY_MS
"""Midnight, so that no bucket holds facts of before and of after."""
PER_ARTICLE_MAX = 3
MODELS = "ner-1 multitask-1 relevance-1"
CLEAR = 250_000
"""A sentiment beyond this, in micro-units, makes a fact positive or negative."""
PAIRS = ((0, 1), (0, 2), (1, 2))


@dataclass(frozen=True, slots=True)
class Size:
    """How much is generated."""

    facts: int
    entities: int = ENTITIES
    days: int = DAYS


@dataclass(frozen=True, slots=True)
class Facts:
    """Columns of equal length, by event time; `article` counts from 0, sentiment and relevance in micro-units."""

    article: Ints
    entity: Ints
    time_ms: Ints
    mentions: Ints
    sentiment: Ints
    relevance: Ints

    @property
    def polarity(self) -> Ints:
        """-1, 0 or 1."""
        return np.where(np.abs(self.sentiment) > CLEAR, np.sign(self.sentiment), 0)


@dataclass(frozen=True, slots=True)
class Sums:
    """Groups by two whole numbers and a bucket's start: `first`, `second`, `start_ms`, and a row of sums for each."""

    first: Ints
    second: Ints
    start_ms: Ints
    sums: Ints

    def rows(self) -> Iterator[tuple[int, int, int, list[int]]]:
        """One group at a time, as Python's own numbers."""
        step = 100_000
        for at in range(0, len(self.first), step):
            part = slice(at, at + step)
            columns = (self.first[part].tolist(), self.second[part].tolist(), self.start_ms[part].tolist())
            yield from zip(*columns, self.sums[part].tolist(), strict=True)


def zipf_weights(entities: int) -> NDArray[np.float64]:
    """Shares that fall as 1 / rank."""
    weights: NDArray[np.float64] = 1 / np.arange(1, entities + 1)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def generate(size: Size, seed: int = 1) -> Facts:
    """Articles of one to three different entities, evenly over the days before `END_MS`; about so many facts."""
    rng = np.random.default_rng(seed)
    articles = size.facts // 2
    drawn = rng.choice(size.entities, (articles, PER_ARTICLE_MAX), p=zipf_weights(size.entities))
    named = np.arange(PER_ARTICLE_MAX) < rng.integers(1, PER_ARTICLE_MAX + 1, (articles, 1))
    for left, right in PAIRS:
        named[:, right] &= drawn[:, left] != drawn[:, right]
    article, place = np.nonzero(named)
    times = np.sort(rng.integers(END_MS - size.days * DAY_MS, END_MS, articles))
    count = len(article)
    return Facts(
        article,
        drawn[article, place],
        times[article],
        rng.integers(1, 4, count),
        rng.integers(-MICRO, MICRO + 1, count),
        rng.integers(MICRO // 20, MICRO + 1, count),
    )


def buckets(facts: Facts, grain: Grain) -> Sums:
    """By entity and start; sums in the order of `serving.keyspace.Packed`. `second` is always 0."""
    r, s, polarity = facts.relevance, facts.sentiment, facts.polarity
    one = np.ones_like(r)
    signs = [polarity > 0, polarity == 0, polarity < 0]
    columns = [one, facts.mentions, r, _rounded(r * s, MICRO), _rounded(r * s * s, MICRO * MICRO), *signs]
    start = facts.time_ms - facts.time_ms % grain.length_ms
    return _grouped((facts.entity, np.zeros_like(start), start), columns)


def edges(facts: Facts, grain: Grain) -> Sums:
    """By the two ends, `first` < `second`, and start; sums are articles, weight and weighted."""
    left, right = _joined(facts)
    a, b = np.minimum(facts.entity[left], facts.entity[right]), np.maximum(facts.entity[left], facts.entity[right])
    weights = facts.relevance[left] * facts.relevance[right]
    weighted = weights * (facts.sentiment[left] + facts.sentiment[right])
    columns = [np.ones_like(a), _rounded(weights, MICRO), _rounded(weighted, 2 * MICRO * MICRO)]
    time = facts.time_ms[left]
    return _grouped((a, b, time - time % grain.length_ms), columns)


def _joined(facts: Facts) -> tuple[Ints, Ints]:
    """The places of all pairs of facts of one article; its facts stand side by side."""
    pairs = []
    for distance in range(1, PER_ARTICLE_MAX):
        left = np.nonzero(facts.article[distance:] == facts.article[:-distance])[0]
        pairs.append((left, left + distance))
    left, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return left, right


def _rounded(products: Ints, divisor: int) -> Ints:
    """Divided, half away from zero, as `udfs.changelog.product_micro` does."""
    divided: Ints = np.sign(products) * ((2 * np.abs(products) + divisor) // (2 * divisor))
    return divided


def _grouped(keys: tuple[Ints, Ints, Ints], columns: list[Ints]) -> Sums:
    order = np.lexsort(keys[::-1])
    first, second, start = (key[order] for key in keys)
    changes = (np.diff(first) != 0) | (np.diff(second) != 0) | (np.diff(start) != 0)
    begins = np.concatenate(([0], np.nonzero(changes)[0] + 1))
    sums = np.stack([np.add.reduceat(column[order].astype(np.int64), begins) for column in columns], axis=1)
    return Sums(first[begins], second[begins], start[begins], sums)
