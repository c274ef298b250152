"""Requests are checked here, before anything is read: a bad argument is named by its field."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Protocol

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from serving import keyspace
from serving.movers import By
from serving.progress import Progress
from serving.queries import Question
from serving.versions import Version, VersionError, parse_version
from serving.ways import HOPS_MAX
from serving.windows import MINUTE_MS, Window, floor_minute
from udfs.names import SECTOR_PREFIX
from udfs.records import MICRO, EntityType
from wiregraph.v1 import graph_pb2

NANOS_MAX = 999_999_999
DAY_MS = 86_400_000
WINDOW_DEFAULT_MS = DAY_MS
STEP_DEFAULT_MS = DAY_MS // 24
STEPS_DEFAULT = 24
WINDOW_MAX_MS = 3_650 * DAY_MS
IDS_MAX = 1_000
POINTS_MAX = 10_000
PAGE_MAX = 1_000
REACHED_MAX = 1_000
FAN_OUT_EXPANSION = 50
FAN_OUT_PATH = 200
FAN_OUT_MAX = 1_000
WEIGHT_MAX = 1e9
CANDIDATES_DEFAULT = 10
CANDIDATES_MAX = 1_000
SECONDS_MAX = 253_402_300_799
"""The last second of the year 9999, protobuf's own limit."""


class BadArgumentError(ValueError):
    """A field of a request that cannot be answered."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")


class TooMuchError(ValueError):
    """A request for more than one answer may hold."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")


class AsksWindow(Protocol):
    """Requests that have a window, as_of and known_at."""

    window: Duration
    as_of: Timestamp
    known_at: Timestamp

    def HasField(self, field_name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether a field is set."""


@dataclass(frozen=True, slots=True)
class SeriesQuestion:
    """`count` windows side by side, of which `last` is the last."""

    last: Question
    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on: the end of the window that the first page had, and the last key seen."""

    end_ms: int
    key: bytes


def question(request: AsksWindow, progress: Progress, pinned_end_ms: int | None = None) -> Question:
    """The window asked for; `pinned_end_ms` stands in for an absent as_of."""
    length_ms = duration_ms(request, "window", WINDOW_DEFAULT_MS)
    end_ms = time_ms(request, "as_of")
    if end_ms is None:
        end_ms = latest_end_ms(progress) if pinned_end_ms is None else pinned_end_ms
    return Question(Window(floor_minute(end_ms), length_ms), time_ms(request, "known_at"))


def latest_end_ms(progress: Progress) -> int:
    """The end of the minute of the latest event applied; 0 in an empty graph."""
    latest = progress.latest_event_ms
    return 0 if latest is None else floor_minute(latest) + MINUTE_MS


def series_question(request: graph_pb2.GetSeriesRequest, progress: Progress) -> SeriesQuestion:
    """Whole steps back from `to`, as far as `from` allows."""
    step_ms = duration_ms(request, "step", STEP_DEFAULT_MS)
    end_ms = time_ms(request, "to")
    end_ms = latest_end_ms(progress) if end_ms is None else floor_minute(end_ms)
    start_ms = time_ms(request, "from")
    count = STEPS_DEFAULT if start_ms is None else (end_ms - floor_minute(start_ms)) // step_ms
    if count < 1:
        raise BadArgumentError("from", "lies less than a step before `to`")
    if count > POINTS_MAX:
        raise TooMuchError("from", f"asks for {count} points, at most {POINTS_MAX} are given")
    return SeriesQuestion(Question(Window(end_ms, step_ms), time_ms(request, "known_at")), count)


def duration_ms(request: object, field: str, default_ms: int) -> int:
    """A whole number of minutes, 1 minute to 3,650 days."""
    if not request.HasField(field):  # type: ignore[attr-defined]  # any message has it
        return default_ms
    duration: Duration = getattr(request, field)
    if duration.nanos or duration.seconds % 60:
        raise BadArgumentError(field, "must be a whole number of minutes")
    if not 0 < duration.seconds * 1_000 <= WINDOW_MAX_MS:
        raise BadArgumentError(field, "must be between 1 minute and 3650 days")
    return duration.seconds * 1_000


def time_ms(request: object, field: str) -> int | None:
    """Epoch milliseconds from 1970 to 9999, None if absent."""
    if not request.HasField(field):  # type: ignore[attr-defined]  # any message has it
        return None
    timestamp: Timestamp = getattr(request, field)
    if not (0 <= timestamp.seconds <= SECONDS_MAX and 0 <= timestamp.nanos <= NANOS_MAX):
        raise BadArgumentError(field, "must lie between the years 1970 and 9999")
    return timestamp.seconds * 1_000 + timestamp.nanos // 1_000_000


def limit(value: int, most: int | None = None) -> int | None:
    """A list's limit; None for all where 0 asks for no limit."""
    if value < 0:
        raise BadArgumentError("limit", "must not be negative")
    if most is not None and value > most:
        raise TooMuchError("limit", f"must be at most {most}")
    return value or None


def entity_id(value: str, field: str = "entity_id") -> str:
    """An entity's id."""
    if not value:
        raise BadArgumentError(field, "must not be empty")
    return value


def entity_ids(values: list[str]) -> list[str]:
    """At most 1,000 ids."""
    if len(values) > IDS_MAX:
        raise TooMuchError("entity_ids", f"has {len(values)} ids, at most {IDS_MAX} are answered")
    if not all(values):
        raise BadArgumentError("entity_ids", "holds an empty id")
    return values


def watched_ids(values: list[str]) -> list[str]:
    """At most 1,000 ids, and one at least, since a stream of nothing would never say anything."""
    if not values:
        raise BadArgumentError("entity_ids", "must not be empty")
    return entity_ids(values)


def entity_type(value: str, more: tuple[str, ...] = ()) -> str:
    """ORG, PER, LOC, one of `more`, or empty for all."""
    types = (*EntityType, *more)
    if value and value not in types:
        raise BadArgumentError("type", f"must be one of {', '.join(types)}, not {value!r}")
    return value


def sector(value: str) -> str:
    """A sector's id or empty for any."""
    if value and not value.startswith(SECTOR_PREFIX):
        raise BadArgumentError("sector", f"must be an id such as {SECTOR_PREFIX}energy")
    return value


def min_weight(value: float) -> int:
    """The least weight of an edge, in micro-units."""
    if not 0 <= value <= WEIGHT_MAX:
        raise BadArgumentError("min_weight", f"must lie in 0 to {WEIGHT_MAX:.0f}")
    return round(value * MICRO)


def at_least(field: str, value: int) -> int:
    """A lower bound of a count."""
    if value < 0:
        raise BadArgumentError(field, "must not be negative")
    return value


def fan_out(value: int, default: int) -> int:
    """How many neighbours of an entity are followed."""
    if value > FAN_OUT_MAX:
        raise TooMuchError("fan_out", f"must be at most {FAN_OUT_MAX}")
    return at_least("fan_out", value) or default


def hops(value: int) -> int:
    """1 to 3, which is what 0 asks for."""
    if value < 0:
        raise BadArgumentError("hops_max", "must not be negative")
    if value > HOPS_MAX:
        raise TooMuchError("hops_max", f"must be at most {HOPS_MAX}")
    return value or HOPS_MAX


def ranked_by(value: str) -> By:
    """sentiment, which is also what an empty one asks for, or volume."""
    if value and value not in set(By):
        raise BadArgumentError("by", f"must be one of {', '.join(By)}, not {value!r}")
    return By(value or By.SENTIMENT)


def least_version(text: str) -> Version | None:
    """The version that a store must have reached; None for an empty text."""
    try:
        return parse_version(text) if text else None
    except VersionError as error:
        raise BadArgumentError("min_version", str(error)) from error


def page_token(page: Page) -> str:
    """What a client hands back to go on."""
    return base64.urlsafe_b64encode(keyspace.time_bytes(page.end_ms) + page.key).decode()


def parse_page_token(token: str, entity: str) -> Page | None:
    """The inverse of `page_token`, None for an empty one."""
    if not token:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        page = Page(int.from_bytes(raw[:8], "big"), raw[8:])
        if not page.key.startswith(keyspace.fact_prefix(entity)) or page.end_ms > SECONDS_MAX * 1_000:
            raise BadArgumentError("page_token", "belongs to another list")
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BadArgumentError("page_token", "is none that was given out") from error
    return page
