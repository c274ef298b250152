"""The graph's first event as it was known at any moment. Pure but for the reads.

The volume z-score counts the windows since the graph's first event. A fact that became known later may
be older than all others, so its event must not lengthen the history that was known before. Stored are
only the known times at which the first event became earlier, which are few where news comes in order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from serving import keyspace
from serving.keyspace import Entry
from serving.rows import Upsert
from serving.store import View
from serving.windows import floor_minute
from udfs.changelog import FactRow


@dataclass(frozen=True, slots=True)
class Beginning:
    """From a known time on, the minute of the first event; both in epoch ms."""

    known_ms: int
    first_event_ms: int


@dataclass(frozen=True, slots=True)
class BeginningChanges:
    """What new facts change in the stored beginnings."""

    puts: tuple[Entry, ...] = ()
    deletes: tuple[bytes, ...] = ()


def steps(beginnings: Iterable[Beginning]) -> list[Beginning]:
    """Those at which the first event becomes earlier, by known time."""
    kept: list[Beginning] = []
    for one in sorted(beginnings, key=lambda one: (one.known_ms, one.first_event_ms)):
        if not kept or one.first_event_ms < kept[-1].first_event_ms:
            kept.append(one)
    return kept


def first_known_event_ms(view: View, known_at_ms: int) -> int | None:
    """The minute of the first event of the facts known by then; None where there is none."""
    lower = keyspace.beginning_key(known_at_ms)
    found = next(view.scan(lower, keyspace.after_beginnings()), None)
    return None if found is None else keyspace.parse_time(found[1])


def beginning_changes(view: View, upserts: Iterable[Upsert]) -> BeginningChanges:
    """What is to be written so that `first_known_event_ms` knows the facts among these too."""
    facts = [upsert.row for upsert in upserts if isinstance(upsert.row, FactRow)]
    come = steps(Beginning(fact.known_time, floor_minute(fact.event_time)) for fact in facts)
    if not any(_earlier(view, one) for one in come):
        return BeginningChanges()
    before = {_stored(key, value) for key, value in view.scan_prefix(keyspace.BEGINNING)}
    after = set(steps([*before, *come]))
    puts = (Entry(keyspace.beginning_key(one.known_ms), keyspace.time_bytes(one.first_event_ms)) for one in after)
    gone = {one.known_ms for one in before} - {one.known_ms for one in after}
    return BeginningChanges(tuple(puts), tuple(keyspace.beginning_key(known_ms) for known_ms in gone))


def _earlier(view: View, one: Beginning) -> bool:
    stored = first_known_event_ms(view, one.known_ms)
    return stored is None or one.first_event_ms < stored


def _stored(key: bytes, value: bytes) -> Beginning:
    return Beginning(keyspace.parse_beginning_key(key), keyspace.parse_time(value))
