"""From the bytes of a Kafka record to an `Article`, or to the `Refused` reason why not.

Everything that can break a parser or the job behind it is refused here: size, depth, encoding,
shape, missing and malformed fields, impossible times. Unknown fields are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from udfs.records import Article
from udfs.topics import NEWS, POSTS

VALUE_BYTES_MAX = 2 * 1024 * 1024
ID_CHARS_MAX = 512
HEADLINE_CHARS_MAX = 1_000
BODY_CHARS_MAX = 100_000
POST_CHARS_MAX = 10_000
LABEL_CHARS_MAX = 2_048
AHEAD_MS_MAX = 24 * 3_600_000
"""How far a payload's event time may lie ahead of its record's timestamp."""
TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Reason(StrEnum):
    """Why a record became a dead letter; this list is fixed."""

    NO_VALUE = "no_value"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    UNENCODABLE = "unencodable"
    WRONG_SHAPE = "wrong_shape"
    MISSING_FIELD = "missing_field"
    EMPTY_FIELD = "empty_field"
    BAD_FIELD = "bad_field"
    BAD_TIME = "bad_time"
    FUTURE_TIME = "future_time"


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that is not an article; `detail` is a short ASCII sentence for people."""

    reason: Reason
    detail: str


class RefusedError(Exception):
    """A field or record that cannot be used; decoding turns it into what `refused` holds."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refused = Refused(reason, detail.encode("ascii", "backslashreplace").decode("ascii"))


def decode(topic: str, value: bytes | None, record_time_ms: int) -> Article | Refused:
    """The article in a record of `news` or `posts`.

    `record_time_ms` is the Kafka record's timestamp; one below zero is unknown and checks nothing.
    """
    try:
        fields = json_object(value)
        return _ARTICLES[topic](fields, record_time_ms)
    except RefusedError as error:
        return error.refused


def json_object(value: bytes | None) -> dict[str, Any]:
    """The JSON object in a record's value; raises RefusedError for anything else."""
    if not value:
        raise RefusedError(Reason.NO_VALUE, "the record has no value")
    if len(value) > VALUE_BYTES_MAX:
        raise RefusedError(Reason.TOO_LARGE, f"{len(value)} bytes, at most {VALUE_BYTES_MAX} are read")
    try:
        fields = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise RefusedError(_why_not_json(value, str(error)), str(error)) from error
    if not isinstance(fields, dict):
        raise RefusedError(Reason.WRONG_SHAPE, f"a JSON object is expected, not {json_type(fields)}")
    return fields


def _why_not_json(value: bytes, message: str) -> Reason:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return Reason.NOT_UTF8
    if "depth limit" in message:
        return Reason.TOO_DEEP
    return Reason.UNENCODABLE if "surrogate" in message else Reason.NOT_JSON


def json_type(value: object) -> str:
    """What a JSON value is, in words."""
    names = {list: "an array", dict: "an object", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def required_text(fields: dict[str, Any], name: str, chars_max: int) -> str:
    """A field that must hold something to read."""
    value = optional_text(fields, name, chars_max)
    if name not in fields or fields[name] is None:
        raise RefusedError(Reason.MISSING_FIELD, f"{name} is missing")
    if not value.strip():
        raise RefusedError(Reason.EMPTY_FIELD, f"{name} is empty")
    return value


def optional_text(fields: dict[str, Any], name: str, chars_max: int) -> str:
    """A field that may be absent or null, then empty."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RefusedError(Reason.BAD_FIELD, f"{name} must be a string, not {json_type(value)}")
    if len(value) > chars_max:
        raise RefusedError(Reason.BAD_FIELD, f"{name} has {len(value)} characters, at most {chars_max} are allowed")
    if "\0" in value:
        raise RefusedError(Reason.BAD_FIELD, f"{name} holds a NUL character")
    return value


def identifier(fields: dict[str, Any], name: str) -> str:
    """A field that becomes a part of keys."""
    value = required_text(fields, name, ID_CHARS_MAX)
    if CONTROL.search(value):
        raise RefusedError(Reason.BAD_FIELD, f"{name} holds a control character")
    return value


def _time_ms(fields: dict[str, Any], name: str) -> int:
    """Epoch milliseconds of an RFC 3339 string or of a whole number of milliseconds."""
    value = fields.get(name)
    if value is None:
        raise RefusedError(Reason.MISSING_FIELD, f"{name} is missing")
    time_ms = parsed_ms(value)
    if time_ms is None:
        raise RefusedError(Reason.BAD_TIME, f"{name} is neither RFC 3339 nor epoch milliseconds")
    if not 0 <= time_ms <= TIME_MS_MAX:
        raise RefusedError(Reason.BAD_TIME, f"{name} lies before 1970 or after 9999")
    return time_ms


def parsed_ms(value: object) -> int | None:
    """Epoch milliseconds of a whole number or an RFC 3339 text, else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000 + since_epoch.microseconds // 1_000


def payload_time_ms(fields: dict[str, Any], name: str, record_time_ms: int) -> int:
    """The payload's event time, which may not lie too far ahead of its record's timestamp."""
    event_time_ms = _time_ms(fields, name)
    if record_time_ms >= 0 and event_time_ms > record_time_ms + AHEAD_MS_MAX:
        raise RefusedError(Reason.FUTURE_TIME, f"{name} lies more than a day ahead of the record's timestamp")
    return event_time_ms


def _news(fields: dict[str, Any], record_time_ms: int) -> Article:
    event_time_ms = payload_time_ms(fields, "published_at", record_time_ms)
    known = fields.get("received_at") is not None
    return Article(
        topic=NEWS,
        article_id=identifier(fields, "id"),
        event_time_ms=event_time_ms,
        known_time_ms=_time_ms(fields, "received_at") if known else event_time_ms,
        known_assumed=not known,
        headline=required_text(fields, "headline", HEADLINE_CHARS_MAX),
        body=optional_text(fields, "body", BODY_CHARS_MAX),
        source=optional_text(fields, "source", LABEL_CHARS_MAX),
        channel=optional_text(fields, "channel", LABEL_CHARS_MAX),
        url=optional_text(fields, "url", LABEL_CHARS_MAX),
    )


def _post(fields: dict[str, Any], record_time_ms: int) -> Article:
    event_time_ms = payload_time_ms(fields, "created_at", record_time_ms)
    known = fields.get("received_at") is not None
    return Article(
        topic=POSTS,
        article_id=identifier(fields, "id"),
        event_time_ms=event_time_ms,
        known_time_ms=_time_ms(fields, "received_at") if known else event_time_ms,
        known_assumed=not known,
        headline="",
        body=required_text(fields, "text", POST_CHARS_MAX),
        source=optional_text(fields, "author", LABEL_CHARS_MAX),
        channel=optional_text(fields, "channel", LABEL_CHARS_MAX),
    )


_ARTICLES = {NEWS: _news, POSTS: _post}
