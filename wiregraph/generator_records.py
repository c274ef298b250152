"""What a generated stream holds: records to feed, and what is true of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from udfs.decode import Reason
from udfs.records import EntityType
from udfs.topics import CLICKS


class Sign(IntEnum):
    """How a text speaks about an entity."""

    NEGATIVE = -1
    NEUTRAL = 0
    POSITIVE = 1


class Kind(StrEnum):
    """The kinds of entity that the comparison tells apart."""

    LISTED = "listed companies"
    OTHER = "other organisations"
    PERSON = "people"
    PLACE = "places"


class Fate(StrEnum):
    """What must become of a record of `news` or `posts`; what follows from clicks are alerts."""

    ARTICLE = "article"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead letter"
    CLICK = "click"


@dataclass(frozen=True, slots=True)
class TrueEntity:
    """Who is meant. `accepts` are the ids that are right: `eq:TICKER` if listed, else the names in use."""

    name: str
    type: EntityType
    kind: Kind
    accepts: frozenset[str]


@dataclass(frozen=True, slots=True)
class TrueMention:
    """A span [start, end) of an article's text in code points, who it names and how it speaks of them."""

    start: int
    end: int
    surface: str
    entity: TrueEntity
    sign: Sign


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One Kafka record. `reason` stands for dead letters only, `text` and `mentions` for articles."""

    topic: str
    key: bytes | None
    value: bytes | None
    record_time_ms: int
    fate: Fate
    article_id: str = ""
    reason: Reason | None = None
    text: str = ""
    mentions: tuple[TrueMention, ...] = ()

    @property
    def is_read_by_news_job(self) -> bool:
        """Whether the news job counts this record."""
        return self.topic != CLICKS


@dataclass(frozen=True, slots=True)
class TrueAlert:
    """An alert of `coupon-abuse` on the attempt `event_id`: `evidence` are event ids, the attempt's own last."""

    session_id: str
    event_id: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrueSession:
    """A session of clicks: the name of the plan it was made to, and its alerts of the rule `coupon-abuse`."""

    session_id: str
    plan: str
    alerts: tuple[TrueAlert, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Records in the order in which they arrive, and the sessions of their clicks.

    What a part of the records must raise, `wiregraph.generator_alerts.expected_alerts` tells.
    """

    seed: int
    records: tuple[StreamRecord, ...]
    sessions: tuple[TrueSession, ...]

    @property
    def alerts(self) -> tuple[TrueAlert, ...]:
        """The alerts that all of the clicks must raise."""
        return tuple(alert for session in self.sessions for alert in session.alerts)
