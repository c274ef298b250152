"""What the stages hand to each other: frozen dataclasses, nothing else crosses a boundary.

Times are epoch milliseconds (`_ms`), offsets in text are Unicode code points with an exclusive
end, scores that are summed or stored are integer micro-units (`_micro`, 1.0 = 1,000,000).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MICRO = 1_000_000


class EntityType(StrEnum):
    """What an entity is; `ORG` covers listed companies (`eq:`) and others (`org:`)."""

    ORG = "ORG"
    PER = "PER"
    LOC = "LOC"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a Kafka record lies: its identity for dead letters and outcome counts."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Article:
    """A decoded, valid item of `news` or `posts`.

    A post's text stands in `body`, its `headline` is empty. `event_time_ms` is `published_at` or
    `created_at`; `known_time_ms` is `received_at`, else (`known_assumed`) the event time.
    """

    topic: str
    article_id: str
    event_time_ms: int
    known_time_ms: int
    known_assumed: bool
    headline: str
    body: str = ""
    source: str = ""
    channel: str = ""
    url: str = ""

    @property
    def text(self) -> str:
        """The text that the models read; all offsets are into it."""
        return f"{self.headline}\n\n{self.body}" if self.headline and self.body else self.headline or self.body


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was refused: `reason` is one of `udfs.decode.Reason`, `detail` is for people."""

    position: Position
    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of an article's text that names somebody, [start, end) in code points."""

    start: int
    end: int
    surface: str
    type: EntityType


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with an id: `eq:TICKER`, `org:`, `per:`, `loc:` with the normalised name."""

    entity_id: str
    name: str
    type: EntityType
    sector: str = ""


@dataclass(frozen=True, slots=True)
class LinkedEntity:
    """An entity and where an article mentions it, in order of position."""

    entity: Entity
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Calibrated probabilities of how the text speaks about one mention; they add up to 1."""

    negative: float
    neutral: float
    positive: float

    @property
    def score(self) -> float:
        """P(positive) - P(negative), -1..1."""
        return self.positive - self.negative


@dataclass(frozen=True, slots=True)
class Fact:
    """One entity in one article, immutable; its version is 1.

    `sentiment_micro` is the mean over the entity's mentions (-1..1), `relevance_micro` is 0..1,
    `first_position` is the first mention's start in code points. `negative_micro` and `positive_micro` are the
    mentions' mean probabilities (that of neutral is the rest), `polarity` is the likeliest class: -1, 0 or 1.
    """

    entity: Entity
    topic: str
    article_id: str
    event_time_ms: int
    known_time_ms: int
    known_assumed: bool
    mentions: int
    first_position: int
    sentiment_micro: int
    relevance_micro: int
    polarity: int
    negative_micro: int
    positive_micro: int
    model_versions: str
