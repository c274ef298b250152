"""From a record of the changelog to what the graph store holds of it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from serving import keyspace
from serving.keyspace import Entry, FactKey, FactValue, KnownFact
from udfs.changelog import BucketRow, ChangelogError, CountRow, EdgeRow, FactRow, Grain, NodeRow, Row, row_of
from udfs.names import sector_id
from udfs.similarity import signature_bytes

NOT_STATE = ("version", "decided_at", "applied_at", "lateness")
"""Fields that say when or how often something happened; a dump shows only what is."""

DELETED = orjson.dumps({"deleted": True})
_NO_SLASH = frozenset({"entity", "topic", "a", "b"})
_TIMES = frozenset({"event_time", "start"})
_LENGTHS_MS = {str(grain): grain.length_ms for grain in Grain}
INT64_MAX = 2**63 - 1
_TYPES = {"int": int, "str": str, "bool": bool}
_Field = tuple[str, type, Callable[[Any], bool] | None]


@dataclass(frozen=True, slots=True)
class Upsert:
    """A record that may be applied; `row` is None for a deletion, which stays as a guard."""

    key: bytes
    version: int
    canonical: bytes
    row: Row | None


def parse_upsert(key: bytes, value: bytes) -> Upsert:
    """Of a record's key and value; raises `ChangelogError` for one that cannot be stored."""
    try:
        fields = orjson.loads(value)
        stored_key = keyspace.row_key(key)
    except ValueError as error:
        raise ChangelogError(str(error)) from error
    if isinstance(fields, dict) and fields.get("deleted") is True:
        return Upsert(stored_key, _version(fields), DELETED, None)
    row = _checked(row_of(key, fields))
    state = {name: field for name, field in fields.items() if name not in NOT_STATE}
    return Upsert(stored_key, _version(fields), orjson.dumps(state, option=orjson.OPT_SORT_KEYS), row)


def stored_row(key: bytes, value: bytes) -> Row | None:
    """The row that the store holds under a row key; None for a deleted one."""
    canonical = keyspace.row_json(value)
    if canonical == DELETED:
        return None
    state = {**orjson.loads(canonical), "version": keyspace.row_version(value)}
    return row_of(key[len(keyspace.ROW) :], state)


def entries(row: Row) -> list[Entry]:
    """The derived entries of a row that `parse_upsert` accepted, but for those that rows share: an entity's buckets."""
    match row:
        case FactRow():
            return _fact_entries(row)
        case BucketRow():
            return _bucket_entries(row)
        case EdgeRow():
            return _edge_entries(row)
        case NodeRow():
            return _node_entries(row)
        case _:
            return []


def _fact_entries(row: FactRow) -> list[Entry]:
    fact = known_fact(row)
    by_article = keyspace.article_prefix(row.topic, row.article) + row.entity.encode()
    bare = FactValue(*_measured(row), row.models)
    return [
        Entry(keyspace.fact_key(fact.key), keyspace.pack_fact(fact.value)),
        Entry(by_article, keyspace.pack_fact(bare)),
    ]


def key_of(row: FactRow) -> FactKey:
    """What tells a fact from all others."""
    return FactKey(row.entity, row.event_time, row.topic, row.article)


def known_fact(row: FactRow) -> KnownFact:
    """A fact as the index by time has it."""
    return KnownFact(key_of(row), FactValue(*_measured(row), row.models, signature_bytes(row.signature)))


def _measured(row: FactRow) -> tuple[int, int, int, int, int]:
    return row.known_time, row.mentions, row.sentiment, row.relevance, row.polarity


def _bucket_entries(row: BucketRow) -> list[Entry]:
    sums = (row.mentions, row.weight, row.weighted, row.weighted_square, row.positive, row.neutral, row.negative)
    value = keyspace.pack_bucket((row.version, *sums))
    start = keyspace.bucket_start(Grain(row.grain), row.start)
    return [Entry(keyspace.BUCKET_BY_TIME + start + row.entity.encode(), value)]


def _node_entries(row: NodeRow) -> list[Entry]:
    names = [Entry(key, b"") for key in keyspace.name_keys(row.name, row.entity)]
    sector = sector_id(row.sector)
    member = Entry(keyspace.member_prefix(sector) + row.entity.encode(), row.sector.encode())
    return [*names, member] if sector else names


def _edge_entries(row: EdgeRow) -> list[Entry]:
    value = keyspace.pack_edge(row.version, row.weight, row.weighted)
    start = keyspace.bucket_start(Grain(row.grain), row.start)
    ends = ((row.a, row.b), (row.b, row.a))
    return [Entry(keyspace.edge_prefix(one) + start + other.encode(), value) for one, other in ends]


def _version(fields: dict[str, object]) -> int:
    version = fields.get("version")
    if type(version) is not int or not 0 <= version <= INT64_MAX:
        raise ChangelogError(f"version {version!r}")
    return version


def _checked(row: Row) -> Row:
    for name, kind, fits in _FIELDS[type(row)]:
        value = getattr(row, name)
        if type(value) is not kind or (fits is not None and not fits(value)):
            raise ChangelogError(f"{name} is {value!r}")
    if isinstance(row, BucketRow | EdgeRow) and row.start % _LENGTHS_MS[row.grain]:
        raise ChangelogError(f"start {row.start} is no multiple of {row.grain}")
    return row


def _field(name: str, kind: type) -> _Field:
    """What a field's value must be; the last one is None where any value of its type will do."""
    fits: Callable[[Any], bool] | None = None
    if kind is int:
        lowest = 0 if name in _TIMES else -INT64_MAX
        fits = range(lowest, INT64_MAX + 1).__contains__
    elif name in _NO_SLASH:
        fits = _has_no_slash
    elif name == "signature":
        fits = _is_signature
    elif name == "grain":
        fits = _LENGTHS_MS.__contains__
    return name, kind, fits


def _is_signature(value: str) -> bool:
    try:
        signature_bytes(value)
    except ValueError:
        return False
    return True


def _has_no_slash(value: str) -> bool:
    return "/" not in value


_FIELDS: dict[type[Row], tuple[_Field, ...]] = {
    row: tuple(_field(name, _TYPES[str(field.type)]) for name, field in row.__dataclass_fields__.items())
    for row in (FactRow, BucketRow, EdgeRow, NodeRow, CountRow)
}
