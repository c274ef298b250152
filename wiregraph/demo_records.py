"""What the parts of the demo hand to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What the server says of the graph. `lag` counts changelog records that are not applied yet."""

    articles: int = 0
    empty: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    late: int = 0
    entities: int = 0
    facts: int = 0
    latest_event_ms: int = 0
    lag: int = 0

    @property
    def read(self) -> int:
        """Records of `news` and `posts` whose outcome is applied."""
        return self.articles + self.empty + self.duplicates + self.dead_letters


@dataclass(frozen=True, slots=True)
class TopEntity:
    """An entity's score over the window of the view; sentiment -1..1, absent if nothing is relevant."""

    entity_id: str
    name: str
    type: str
    articles: int
    sentiment: float | None
    positive: int
    neutral: int
    negative: int


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as the view shows it."""

    event_time_ms: int
    rule: str
    state: str
    session_id: str
    why: str


@dataclass(frozen=True, slots=True)
class AlertNews:
    """The latest alerts, newest event first, and how many there are in all."""

    total: int
    latest: tuple[AlertLine, ...]


@dataclass(frozen=True, slots=True)
class FeedState:
    """How far the feed is: `total` is 0 where it is not known; `counted` are records the news job reads."""

    sent: int
    counted: int
    total: int
    is_paused: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the live view shows at one moment.

    `top` is over the last `window_h` hours of event time, latency from produced to applied; `alerts` is absent
    where no job reads clicks.
    """

    phase: str
    window_h: int
    elapsed_s: float
    feed: FeedState
    progress: Progress
    latency_p50_s: float | None
    latency_p95_s: float | None
    top: tuple[TopEntity, ...]
    histories: dict[str, tuple[float, ...]]
    alerts: AlertNews | None = None
