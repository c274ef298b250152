"""The rows of the `graph` topic: their keys, and the records that their JSON values hold.

    key                                  value (JSON; integers only, sums are exact)
    fact/ENTITY/TOPIC/ARTICLE            one entity in one article, version 1
    bucket/ENTITY/GRAIN/START_MS         sums over the facts of an entity and a 1m, 1h or 1d
    edge/A/B/GRAIN/START_MS              sums over the articles that name both, A < B
    node/ENTITY                          name, type and sector, version 1
    count/TOPIC/PARTITION                outcomes of an input partition, version = their sum

An entity id holds no slash, so a key parses from the left and the article's id, which may hold
anything, stands last. Sums are in micro-units: `weight` = sum of relevance r, `weighted` = sum of
r*s with s the sentiment, `weighted_square` = sum of r*s*s, each product rounded half away from zero
once per fact, so that no order of arrival changes a bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Any

from udfs.records import MICRO, Fact


class Kind(StrEnum):
    """The first part of a key."""

    FACT = "fact"
    BUCKET = "bucket"
    EDGE = "edge"
    NODE = "node"
    COUNT = "count"


class Grain(StrEnum):
    """The length of a bucket; buckets start at whole multiples of it since the epoch (UTC)."""

    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def length_ms(self) -> int:
        """Milliseconds."""
        return _LENGTHS_MS[self.value]


_LENGTHS_MS = {"1m": 60_000, "1h": 3_600_000, "1d": 86_400_000}
"""By names: to hash a member of an enumeration takes longer than what is looked up."""


class ChangelogError(ValueError):
    """A row of the changelog that is not of the form above."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """`fact/ENTITY/TOPIC/ARTICLE`; fields as in `udfs.records.Fact`, plus what people read.

    `event_topic` and `signature` are empty only in rows of a release that did not write them, nor `negative` and
    `positive`.
    """

    entity: str
    topic: str
    article: str
    event_time: int
    known_time: int
    known_assumed: bool
    mentions: int
    first_position: int
    sentiment: int
    relevance: int
    polarity: int
    negative: int
    positive: int
    models: str
    event_topic: str
    headline: str
    source: str
    url: str
    signature: str
    version: int


@dataclass(frozen=True, slots=True)
class BucketRow:
    """`bucket/ENTITY/GRAIN/START_MS`; `version` is the number of facts (= articles)."""

    entity: str
    grain: str
    start: int
    mentions: int
    weight: int
    weighted: int
    weighted_square: int
    positive: int
    neutral: int
    negative: int
    version: int


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """`edge/A/B/GRAIN/START_MS`; `version` is the number of articles that name both.

    `weight` = sum of r_a*r_b, `weighted` = sum of r_a*r_b*(s_a+s_b)/2, in micro-units.
    """

    a: str
    b: str
    grain: str
    start: int
    weight: int
    weighted: int
    version: int


@dataclass(frozen=True, slots=True)
class NodeRow:
    """`node/ENTITY`: what an entity is called; a pure function of its id and the gazetteer."""

    entity: str
    name: str
    type: str
    sector: str
    version: int


@dataclass(frozen=True, slots=True)
class CountRow:
    """`count/TOPIC/PARTITION`: outcomes so far; `version` is the number of records read.

    articles + empty + duplicates + dead_letters = version. `edges_cut` counts entities beyond the 20
    that edges join, `known_assumed` articles without `received_at`, `late` the late records (which
    are in the other counts too), `latest_event` is the highest event time of a valid record (ms, or
    0 where there is none).
    """

    topic: str
    partition: int
    articles: int
    empty: int
    duplicates: int
    dead_letters: int
    edges_cut: int
    known_assumed: int
    late: int
    latest_event: int
    version: int


Row = FactRow | BucketRow | EdgeRow | NodeRow | CountRow

_ROWS: dict[str, type[Row]] = {
    Kind.FACT: FactRow,
    Kind.BUCKET: BucketRow,
    Kind.EDGE: EdgeRow,
    Kind.NODE: NodeRow,
    Kind.COUNT: CountRow,
}


_LATER: dict[type[Row], dict[str, Any]] = {
    FactRow: {"negative": 0, "positive": 0, "event_topic": "", "signature": ""},
}
"""What stands for fields that rows of an earlier release lack."""
_VALUES = {row_type: itemgetter(*row_type.__dataclass_fields__) for row_type in _ROWS.values()}


def fact_key(entity_id: str, topic: str, article_id: str) -> str:
    """The key of a fact."""
    return f"{Kind.FACT}/{entity_id}/{topic}/{article_id}"


def product_micro(*factors: int) -> int:
    """The product of micro-unit factors in micro-units, rounded half away from zero."""
    product = 1
    for factor in factors:
        product *= factor
    scale = int(MICRO ** (len(factors) - 1))
    magnitude = (2 * abs(product) + scale) // (2 * scale)
    return magnitude if product >= 0 else -magnitude


def weighted_micro(fact: Fact) -> tuple[int, int]:
    """r*s and r*s*s of a fact in micro-units, the terms of a bucket's sums."""
    r, s = fact.relevance_micro, fact.sentiment_micro
    return product_micro(r, s), product_micro(r, s, s)


def row_of(key: bytes, fields: dict[str, Any]) -> Row:
    """The record of a key and the fields of its value; raises `ChangelogError` for anything else."""
    kind = key.split(b"/", 1)[0].decode("ascii", "replace")
    row_type = _ROWS.get(kind)
    if row_type is None:
        raise ChangelogError(f"unknown kind {kind!r}")
    try:
        later = _LATER.get(row_type)
        return row_type(*_VALUES[row_type]({**later, **fields} if later else fields))
    except (KeyError, TypeError) as error:
        raise ChangelogError(f"{kind} row: {error}") from error
