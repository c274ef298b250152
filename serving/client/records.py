"""What the server answers, as Python has it: field by field as in proto/wiregraph/v1, which explains them.

Times are datetimes in UTC, and what is absent is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Share:
    """Articles of one source or event topic."""

    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Related:
    """An entity that stands in the same articles; `kind` is what most of them, by weight, are about."""

    entity_id: str
    name: str
    type: str
    kind: str
    articles: int
    weight: float


@dataclass(frozen=True, slots=True)
class Details:
    """What a score is made of."""

    volume_12h: int
    volume_24h: int
    volume_3d: int
    volume_5d: int
    volume_7d: int
    sources: tuple[Share, ...]
    event_topics: tuple[Share, ...]
    related: tuple[Related, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Of an entity over [as_of - window, as_of)."""

    entity_id: str
    name: str
    type: str
    sector: str
    window: timedelta | None
    as_of: datetime | None
    mentions: int
    articles: int
    sentiment: float | None
    sentiment_stddev: float | None
    positive: int
    neutral: int
    negative: int
    relevance: float | None
    volume_zscore: float | None
    novelty: float | None
    watermark: datetime | None
    applied_at: datetime | None
    model_versions: tuple[str, ...]
    version: str
    details: Details | None


@dataclass(frozen=True, slots=True)
class Neighbor:
    """An entity that stands in articles with the one asked for."""

    entity_id: str
    name: str
    type: str
    articles: int
    weight: float
    sentiment: float | None


@dataclass(frozen=True, slots=True)
class Reached:
    """An entity at most two edges away by its strongest way: over `via`, as strong as the weaker of its edges."""

    neighbor: Neighbor
    hops: int
    via: str
    strength: float


@dataclass(frozen=True, slots=True)
class Path:
    """From the entity after the first to the last, each with its edge to the one before; no steps where there is none.

    `strength` is the weight of the weakest edge; not `complete`: a better path may exist.
    """

    steps: tuple[Neighbor, ...]
    strength: float
    complete: bool
    watermark: datetime | None
    applied_at: datetime | None
    version: str


@dataclass(frozen=True, slots=True)
class Mover:
    """An entity whose sentiment or volume moved from the window before to that of its score."""

    score: Score
    articles_before: int
    sentiment_before: float | None
    sentiment_change: float | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A fact: one entity in one article, and what came before it."""

    entity_id: str
    topic: str
    article_id: str
    headline: str
    event_time: datetime | None
    known_time: datetime | None
    known_assumed: bool
    mentions: int
    first_position: int
    sentiment: float
    relevance: float
    polarity: int
    negative: float | None
    neutral: float | None
    positive: float | None
    event_topic: str
    similar_24h: int
    similar_3d: int
    similar_7d: int
    similar_to: str
    similarity: float | None
    days_since_similar: float | None
    similarity_key: str
    volume_12h: int
    volume_24h: int
    volume_3d: int
    volume_5d: int
    volume_7d: int
    related: tuple[Related, ...]
    source: str
    url: str
    model_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a text may mean; a score of 1 is an exact alias."""

    entity_id: str
    name: str
    type: str
    score: float
    articles: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the records that came in."""

    articles: int
    empty: int
    duplicates: int
    dead_letters: int
    late: int
    known_assumed: int
    edges_cut: int


@dataclass(frozen=True, slots=True)
class Status:
    """How far a graph is; a lag of -1 where Kafka is silent. Answers are those of the process that was asked."""

    counts: Counts
    entities: int
    facts: int
    latest_event: datetime | None
    watermark: datetime | None
    applied_at: datetime | None
    graph: str
    lag: int
    version: str
    answers_kept: int
    answers_computed: int


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """A click that an alert rests on."""

    event_id: str
    event_time: datetime | None
    kind: str
    item_id: str
    price: float | None
    coupon: str


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said of an alert."""

    verdict: str
    by: str
    at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A session that a rule or the cascade of models found suspicious."""

    alert_id: str
    session_id: str
    user: str
    rule: str
    rule_version: int
    state: str
    tier: str
    score: float
    event_time: datetime | None
    decided_at: datetime | None
    why: str
    window: timedelta | None
    evidence: tuple[str, ...]
    events: tuple[AlertEvent, ...]
    features: Mapping[str, float]
    model_versions: tuple[str, ...]
    version: int
    review: Review | None


@dataclass(frozen=True, slots=True)
class Erased:
    """A subject that is gone from every graph, and when that was asked for first."""

    subject: str
    at: datetime | None
