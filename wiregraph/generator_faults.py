"""Rows that must become dead letters, each with the reason that it must get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from udfs.decode import Reason
from udfs.topics import NEWS, POSTS
from wiregraph.times import rfc3339

DAY_MS = 24 * 3_600_000
HUGE_CHARS = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to be wrong. `changes` overlay a valid news item (None in `drop` order removes a field)."""

    name: str
    reason: Reason
    changes: Mapping[str, Any] | None = None
    drop: str = ""
    raw: bytes | None = None
    days_ahead: int = 0


FAULTS = (
    Fault("a Latin-1 byte", Reason.NOT_UTF8, raw=b'{"id":"x1","headline":"Caf\xe9 chain opens"}'),
    Fault("compressed bytes", Reason.NOT_UTF8, raw=b"\x1f\x8b\x08\x00\xff\xfe\xfd"),
    Fault("a line of CSV", Reason.NOT_JSON, raw=b"x2,2026-01-05,Stocks rise"),
    Fault("cut off", Reason.NOT_JSON, raw=b'{"id":"x3","headline":"Stocks ri'),
    Fault("NaN", Reason.NOT_JSON, raw=b'{"id":"x4","headline":"Stocks rise","published_at":NaN}'),
    Fault("NUL bytes", Reason.NOT_JSON, raw=b"\x00\x00\x00\x00"),
    Fault("no value", Reason.NO_VALUE),
    Fault("an empty value", Reason.NO_VALUE, raw=b""),
    Fault("an array", Reason.WRONG_SHAPE, raw=b'["x5","Stocks rise"]'),
    Fault("a string", Reason.WRONG_SHAPE, raw=b'"Stocks rise"'),
    Fault("a number", Reason.WRONG_SHAPE, raw=b"42"),
    Fault("null", Reason.WRONG_SHAPE, raw=b"null"),
    Fault("100,000 nested arrays", Reason.TOO_DEEP, raw=b"[" * 100_000 + b"]" * 100_000),
    Fault("100,000 open brackets", Reason.TOO_DEEP, raw=b"[" * 100_000),
    Fault("deep inside a field", Reason.TOO_DEEP, raw=b'{"id":"x6","tags":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    Fault("a lone surrogate", Reason.UNENCODABLE, raw=b'{"id":"x7","headline":"Stocks \\ud800 rise"}'),
    Fault("5 MB of text", Reason.TOO_LARGE, {"body": "a" * HUGE_CHARS}),
    Fault("no headline", Reason.MISSING_FIELD, drop="headline"),
    Fault("no id", Reason.MISSING_FIELD, drop="id"),
    Fault("no time", Reason.MISSING_FIELD, drop="published_at"),
    Fault("headline null", Reason.MISSING_FIELD, {"headline": None}),
    Fault("headline empty", Reason.EMPTY_FIELD, {"headline": ""}),
    Fault("headline blank", Reason.EMPTY_FIELD, {"headline": " \t\n "}),
    Fault("id empty", Reason.EMPTY_FIELD, {"id": ""}),
    Fault("id of 10,000 characters", Reason.BAD_FIELD, {"id": "x" * 10_000}),
    Fault("id a number", Reason.BAD_FIELD, {"id": 12_345}),
    Fault("headline too long", Reason.BAD_FIELD, {"headline": "Stocks rise " * 100}),
    Fault("headline a list", Reason.BAD_FIELD, {"headline": ["Stocks", "rise"]}),
    Fault("headline with NUL", Reason.BAD_FIELD, {"headline": "Stocks\x00rise"}),
    Fault("body too long", Reason.BAD_FIELD, {"body": "b" * 100_001}),
    Fault("body an object", Reason.BAD_FIELD, {"body": {"html": "<p>Stocks rise</p>"}}),
    Fault("time in words", Reason.BAD_TIME, {"published_at": "yesterday at noon"}),
    Fault("time without a zone", Reason.BAD_TIME, {"published_at": "2026-01-05T14:30:00"}),
    Fault("time a fraction", Reason.BAD_TIME, {"published_at": 1767623400000.5}),
    Fault("time true", Reason.BAD_TIME, {"published_at": True}),
    Fault("before 1970", Reason.BAD_TIME, {"published_at": "1969-12-31T23:59:59Z"}),
    Fault("13th month", Reason.BAD_TIME, {"published_at": "2026-13-05T14:30:00Z"}),
    Fault("year 9999", Reason.FUTURE_TIME, {"published_at": "9999-12-31T23:59:59Z"}),
    Fault("two days ahead", Reason.FUTURE_TIME, days_ahead=2),
)

_POST_NAMES = {"headline": "text", "published_at": "created_at"}
_NEWS_ONLY = {"headline too long", "body too long", "body an object", "5 MB of text"}


def fault_value(fault: Fault, topic: str, article_id: str, event_time_ms: int) -> bytes | None:
    """The bytes of a faulty record; it is dated `event_time_ms` where its fault lies elsewhere."""
    if not fault.changes and not fault.drop and not fault.days_ahead:
        return fault.raw
    time_ms = event_time_ms + fault.days_ahead * DAY_MS
    fields = {"id": article_id, "headline": "Stocks rise", "published_at": rfc3339(time_ms), **(fault.changes or {})}
    fields.pop(fault.drop, None)
    return orjson.dumps({_POST_NAMES.get(name, name) if topic == POSTS else name: fields[name] for name in fields})


def topics_of(fault: Fault) -> tuple[str, ...]:
    """Where the fault is one: a post has no body and may be longer than a headline."""
    return (NEWS,) if fault.name in _NEWS_ONLY else (NEWS, POSTS)
