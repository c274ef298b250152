"""The brute-force twin: what a store must hold that was given these records and no others, in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from serving import alert_keys, keyspace
from serving.alert_apply import ALERT_SUBJECT, shown_state
from serving.alert_keys import Brief
from serving.alert_rows import parse_alert_upsert
from serving.beginnings import Beginning, steps
from serving.erasures import Erasure
from serving.labels import Label, label_value
from serving.rows import entries, stored_row
from serving.windows import floor_minute
from tests.oracles.alerts import Shown, row_of, shown
from tests.oracles.graph import Upsert
from tests.oracles.strategies import DAY_MS
from tests.oracles.twin import are_similar
from udfs.alerts import Alert
from udfs.changelog import CountRow, FactRow, NodeRow, Row

OWN = (keyspace.PROGRESS, alert_keys.CHANGE, b"c")
"""Progress and the numbers of changes, which are each store's own."""

SUMMED = (keyspace.BUCKET,)
"""An entity's buckets lie side by side in rows, whose layout the twin need not know: it reads scores from them."""

Guards = Mapping[str, bytes]
"""Erased subjects with their guards' values, as a store holds them."""


class Line:
    """A row of the changelog, and the store's entries of it."""

    def __init__(self, upsert: Upsert) -> None:
        self.key, self.version = upsert.key, upsert.version
        self.named = frozenset(upsert.key.split("/")[1:3])
        self.row_key = keyspace.row_key(upsert.key.encode())
        canonical = orjson.dumps(upsert.fields, option=orjson.OPT_SORT_KEYS)
        self.stored = keyspace.row_value(upsert.version, canonical)
        self.value = orjson.dumps({**upsert.fields, "version": upsert.version})

    @cached_property
    def row(self) -> Row:
        row = stored_row(self.row_key, self.stored)
        assert row is not None
        return row

    @cached_property
    def entries(self) -> dict[bytes, bytes]:
        return {self.row_key: self.stored, **{one.key: one.value for one in entries(self.row)}}


Content = Line | Alert | Label | Erasure


@dataclass(frozen=True)
class Applied:
    """Of the records that were applied: the highest version of each row, and all that the topics beside it said."""

    topic_id: str = ""
    offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    rows: Mapping[str, Line] = field(default_factory=dict)
    beginnings: frozenset[Beginning] = frozenset()
    first_ms: int | None = None
    latest_ms: int | None = None
    side: tuple[Alert | Label | Erasure, ...] = ()

    def advanced(self, topic_id: str, offsets: Mapping[tuple[str, int], int], contents: Iterable[object]) -> Applied:
        """With the contents of the records up to these offsets; what is no content concerns others."""
        told = list(contents)
        lines = [one for one in told if isinstance(one, Line)]
        rows = dict(self.rows)
        for line in lines:
            stored = rows.get(line.key)
            if stored is None or stored.version < line.version:
                rows[line.key] = line
        facts = [one.row for one in lines if isinstance(one.row, FactRow)]
        events = [fact.event_time for fact in facts]
        latest = [*events, *(one.row.latest_event for one in lines if isinstance(one.row, CountRow))]
        return Applied(
            topic_id,
            offsets,
            rows,
            self.beginnings | {Beginning(fact.known_time, floor_minute(fact.event_time)) for fact in facts},
            min([*events, *([] if self.first_ms is None else [self.first_ms])], default=None),
            max([*latest, *([] if self.latest_ms is None else [self.latest_ms])], default=None),
            (*self.side, *(one for one in told if isinstance(one, Alert | Label | Erasure))),
        )

    @property
    def subjects(self) -> set[str]:
        return {one.subject for one in self.side if isinstance(one, Erasure)}

    def kept(self, subjects: Iterable[str]) -> list[Line]:
        """The rows that name no erased subject."""
        erased = set(subjects)
        return [line for line in self.rows.values() if not erased & line.named]


def guards_in(data: Mapping[bytes, bytes]) -> dict[str, bytes]:
    """The guards of subjects that a store holds, without those of alerts."""
    guards = {key[1:].decode(): value for key, value in data.items() if key.startswith(keyspace.ERASED)}
    return {subject: value for subject, value in guards.items() if not subject.startswith(ALERT_SUBJECT)}


def expected(applied: Applied, guards: Guards) -> dict[bytes, bytes]:
    """All that a store must hold but for what is its own; stamps without their numbers."""
    held: dict[bytes, bytes] = {}
    for line in applied.kept(guards):
        held.update(line.entries)
    for one in steps(applied.beginnings):
        held[keyspace.beginning_key(one.known_ms)] = keyspace.time_bytes(one.first_event_ms)
    held.update({keyspace.erased_key(subject): value for subject, value in guards.items()})
    held.update(_repeats([line.row for line in applied.kept(guards) if isinstance(line.row, FactRow)]))
    told = [*applied.side, *(Erasure(subject, 0) for subject in guards)]
    held.update(_side_entries(told, shown(told)))
    return {key: value for key, value in held.items() if not key.startswith(SUMMED)}


def _repeats(facts: list[FactRow]) -> dict[bytes, bytes]:
    """The minutes of each entity's facts that repeat a story of the 24 hours before them, by day."""
    minutes: dict[bytes, list[int]] = {}
    for fact in facts:
        if any(_repeats_one(fact, other) for other in facts):
            day_ms = fact.event_time - fact.event_time % DAY_MS
            key = keyspace.repeat_prefix(fact.entity) + keyspace.time_bytes(day_ms)
            minutes.setdefault(key, []).append((fact.event_time - day_ms) // 60_000)
    return {key: b"".join(one.to_bytes(2, "big") for one in sorted(found)) for key, found in minutes.items()}


def _repeats_one(fact: FactRow, other: FactRow) -> bool:
    own, others = ((one.event_time, one.topic, one.article) for one in (fact, other))
    near = other.entity == fact.entity and others < own and other.event_time >= fact.event_time - DAY_MS
    return near and are_similar(fact.signature, other.signature)


def _side_entries(told: list[Alert | Label | Erasure], outcome: Shown) -> dict[bytes, bytes]:
    held: dict[bytes, bytes] = {}
    stay = {alert.alert_id for alert in outcome.alerts}
    for one in told:
        if isinstance(one, Alert) and one.alert_id not in stay:
            held[keyspace.erased_key(ALERT_SUBJECT + one.alert_id)] = b""
    for label in outcome.labels:
        held[alert_keys.label_key(label.kind, label.subject, label.by)] = label_value(label)
    reviewed = {label.subject for label in outcome.labels if label.kind == "alert"}
    for alert in outcome.alerts:
        held.update(_alert_entries(alert, reviewed=alert.alert_id in reviewed))
    return held


def _alert_entries(alert: Alert, *, reviewed: bool) -> dict[bytes, bytes]:
    upsert = parse_alert_upsert(row_of(alert))
    brief = Brief(shown_state(alert.state, reviewed=reviewed), alert.rule, alert.session_id, alert.user)
    index = {alert_keys.subject_prefix(one) + alert.alert_id.encode(): b"" for one in upsert.subjects}
    return index | {
        alert_keys.alert_row_key(alert.alert_id): keyspace.row_value(alert.version, upsert.canonical),
        alert_keys.stamp_key(alert.alert_id): keyspace.time_bytes(upsert.decided_at),
        alert_keys.by_time_key(alert.event_time_ms, alert.alert_id): alert_keys.pack_brief(brief),
    }


def content_of(data: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """What two stores of the same records have in common."""
    return {
        key: value[:8] if key.startswith(alert_keys.STAMP) else value
        for key, value in data.items()
        if not key.startswith(OWN)
    }


def counted(lines: Iterable[Line], is_one: Callable[[Row], bool]) -> int:
    return sum(1 for line in lines if is_one(line.row))


def is_fact(row: Row) -> bool:
    return isinstance(row, FactRow)


def is_node(row: Row) -> bool:
    return isinstance(row, NodeRow)
