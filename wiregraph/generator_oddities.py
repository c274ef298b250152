"""Sound records that look odd: a decoder that refuses one of them is too strict."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from wiregraph.times import rfc3339

Fields = dict[str, Any]
TIME_FIELDS = frozenset({"published_at", "created_at"})


def _as_given(fields: Fields, event_time_ms: int) -> Fields:
    del event_time_ms
    return fields


def _time_in_ms(fields: Fields, event_time_ms: int) -> Fields:
    return {name: event_time_ms if name in TIME_FIELDS else fields[name] for name in fields}


def _time_in_tokyo(fields: Fields, event_time_ms: int) -> Fields:
    local = rfc3339(event_time_ms + 9 * 3_600_000).replace("Z", "+09:00")
    return {name: local if name in TIME_FIELDS else fields[name] for name in fields}


def _ascii_json(fields: Fields) -> bytes:
    """Indented, and all but ASCII as escapes: emoji become pairs of surrogates."""
    return json.dumps(fields, indent=2).encode("ascii")


@dataclass(frozen=True, slots=True)
class Oddity:
    """What makes a record look odd: text around the headline, fields, a form of time, an encoding."""

    before: str = ""
    after: str = ""
    extra: Fields = field(default_factory=dict)
    time: Callable[[Fields, int], Fields] = _as_given
    encode: Callable[[Fields], bytes] = orjson.dumps


ODDITIES = (
    Oddity(before="\u200f", after="\u200f"),  # right-to-left marks
    Oddity(before="\u202eUPDATE\u202c "),  # a right-to-left override and its end
    Oddity(after=" \U0001f469\u200d\U0001f680\U0001f1e8\U0001f1ed"),  # emoji of several code points
    Oddity(after=" | cafe\u0301 chatter"),  # combining marks
    Oddity(before="\u2014 ", after="\u00a0\u2026"),  # a dash, a no-break space, an ellipsis
    Oddity(extra={"sponsor": None, "tags": [["a"], {"b": {}}], "score": 1e308}),  # unknown fields
    Oddity(extra={"url": "https://example.com/\u00fc?q=%00"}),
    Oddity(time=_time_in_ms),
    Oddity(time=_time_in_tokyo),
    Oddity(after=" \U0001f4c8", encode=_ascii_json),
)
