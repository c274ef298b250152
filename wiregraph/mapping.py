"""From rows to records of the input topics: which field is which column, what is the key and the event time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.errors import UsageError
from wiregraph.readers import Line, Row, Unreadable
from wiregraph.times import rfc3339, to_ms

RECEIVED_AT = "received_at"
_LIST_SEPARATORS = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Schema:
    """An input topic's fields. `key` gives the record's key; a table may leave out `derived`, which is hashed then.

    A row without a `required` value is skipped. `feed` maps fields to what a feed's entries give; a topic
    without it takes no feeds.
    """

    topic: str
    key: str
    time: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    derived: str = ""
    numbers: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    feed: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields in the order in which a record holds them."""
        return tuple(dict.fromkeys((self.key, self.time, *self.required, *self.optional)))


SCHEMAS = {
    NEWS: Schema(
        topic=NEWS,
        key="id",
        time="published_at",
        required=("headline",),
        optional=("body", "source", "url", "channel", "lang", RECEIVED_AT),
        derived="id",
        feed={
            "id": "id",
            "published_at": "published",
            "headline": "title",
            "body": "body",
            "source": "source",
            "url": "link",
            "lang": "lang",
        },
    ),
    POSTS: Schema(
        topic=POSTS,
        key="id",
        time="created_at",
        required=("text",),
        optional=("author", "channel", "symbols", RECEIVED_AT),
        derived="id",
        lists=frozenset({"symbols"}),
        feed={"id": "id", "created_at": "published", "text": "text", "author": "author", "channel": "source"},
    ),
    CLICKS: Schema(
        topic=CLICKS,
        key="session_id",
        time="event_time",
        required=("session_id", "event_id", "kind"),
        optional=("user_id", "item_id", "price", "coupon"),
        numbers=frozenset({"price"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Record:
    """What Kafka gets, but for its timestamp: `event_time_ms` is None where the payload tells none."""

    number: int
    key: bytes
    value: bytes
    event_time_ms: int | None


def parse_map(schema: Schema, pairs: Sequence[str]) -> dict[str, str]:
    """The `--map field=column` options by field; raises `UsageError` for what is none or comes twice."""
    asked: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise UsageError(f"--map {pair} is not of the form field=column")
        if name not in schema.fields:
            raise UsageError(f"--map {pair}: {schema.topic} has no field {name}, but {', '.join(schema.fields)}")
        if name in asked:
            raise UsageError(f"--map {pair}: {name} is mapped twice")
        asked[name] = column
    return asked


def resolve(schema: Schema, columns: Iterable[str], asked: Mapping[str, str]) -> dict[str, str]:
    """Which column gives each field: the one asked for, else the one of the field's own name.

    Raises `UsageError` where a column is missing that was asked for or that the topic needs.
    """
    there = list(columns)
    for name, column in asked.items():
        if column not in there:
            raise UsageError(f"--map {name}={column}: there is no such column, but {', '.join(there)}")
    chosen = {name: name for name in schema.fields if name in there} | dict(asked)
    needed = [name for name in (schema.time, *schema.required) if name not in chosen]
    if needed:
        options = " ".join(f"--map {name}=COLUMN" for name in needed)
        raise UsageError(f"{schema.topic} needs {', '.join(needed)}: add {options}; columns: {', '.join(there)}")
    return {name: chosen[name] for name in schema.fields if name in chosen}


def map_row(schema: Schema, columns: Mapping[str, str], row: Row) -> Record | Unreadable:
    """A table's row as a record; one without a value that the topic requires cannot be mapped."""
    texts = {name: row.cells[column].strip() for name, column in columns.items()}
    missing = [name for name in schema.required if not texts[name]]
    if missing:
        return Unreadable(row.number, f"{columns[missing[0]]} is empty")
    event_time_ms = to_ms(texts[schema.time])
    values = {name: _value(schema, name, text) for name, text in texts.items() if text}
    if event_time_ms is not None:
        values[schema.time] = _written(event_time_ms, texts[schema.time])
    try:
        if schema.derived and schema.derived not in values:
            values[schema.derived] = derived_id(row.cells.values())
        return Record(row.number, str(values[schema.key]).encode(), orjson.dumps(values), event_time_ms)
    except (UnicodeEncodeError, orjson.JSONEncodeError):
        return Unreadable(row.number, "not UTF-8")


def _value(schema: Schema, name: str, text: str) -> object:
    """A cell as the topic wants it; what does not fit is left as it is, for the job to refuse with its reason."""
    if name == RECEIVED_AT:
        return canonical_time(text)
    if name in schema.lists:
        return [part for part in _LIST_SEPARATORS.split(text) if part]
    if name in schema.numbers:
        return _number(text)
    return text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def canonical_time(text: str) -> str:
    """A time in RFC 3339, or the text itself where it is none or lies outside the years 1 to 9999."""
    time_ms = to_ms(text)
    return text if time_ms is None else _written(time_ms, text)


def _written(time_ms: int, text: str) -> str:
    try:
        return rfc3339(time_ms)
    except (ValueError, OverflowError):
        return text


def derived_id(cells: Iterable[str]) -> str:
    """The id of a row that has none: 32 hex digits of the SHA-256 of its cells, joined by unit separators.

    So the same row has the same id whenever it is ingested.
    """
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:32]


def map_line(schema: Schema, asked: Mapping[str, str], line: Line) -> Record | Unreadable:
    """A JSON line as a record: byte by byte as it is, but for the fields in `asked`.

    What is not a JSON object is sent too, so that it becomes a dead letter with its reason. A line
    that tells no key gets a hash of itself, so that it goes to the same partition each time.
    """
    fields = json_object(line.data)
    if fields is None:
        return Record(line.number, _line_key(line.data), line.data, None)
    data = line.data
    if asked:
        missing = [column for name, column in asked.items() if column not in fields and name in schema.required]
        if missing:
            return Unreadable(line.number, f"{missing[0]} is missing")
        fields = _renamed(schema, asked, fields)
        data = orjson.dumps(fields)
    key = fields.get(schema.key)
    key_bytes = key.encode() if isinstance(key, str) and key else _line_key(line.data)
    return Record(line.number, key_bytes, data, to_ms(fields.get(schema.time)))


def _renamed(schema: Schema, asked: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: fields[column] for name, column in asked.items() if column in fields}
    for name in (schema.time, RECEIVED_AT):
        if isinstance(changed.get(name), str):
            changed[name] = canonical_time(changed[name])
    return {**fields, **changed}


def json_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in some bytes, or None where there is none."""
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None


def _line_key(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest()[:32].encode()


def with_received_at(value: bytes, now_ms: int) -> bytes:
    """A record's value that says when it was received; what is no JSON object stays as it is."""
    fields = json_object(value)
    return value if fields is None else orjson.dumps({**fields, RECEIVED_AT: now_ms})
