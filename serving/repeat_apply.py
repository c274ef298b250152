"""What new facts change in the stored repeats: their own, and those of later facts, which may be less novel now.

A fact that comes late takes the novelty of similar ones up to 24 hours after it, so it is compared with both sides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from serving.bucket_apply import RowChanges
from serving.changes import RepeatChange
from serving.keyspace import Entry
from serving.recent import FactsChange, Recent
from serving.repeats import day_key, minute_of_day, pack_minutes, unpack_minutes
from serving.rows import known_fact
from serving.store import GraphWriter
from serving.stories import REPEAT_WITHIN_MS
from serving.upsert_changes import UpsertChange
from serving.windows import floor_minute
from udfs.changelog import FactRow

APART_MS = 2 * REPEAT_WITHIN_MS
"""Facts further apart have no stories around them in common."""


@dataclass(frozen=True, slots=True)
class RepeatRows:
    """What is to be written, and what that changes."""

    rows: RowChanges
    changes: tuple[RepeatChange, ...]


def repeat_changes(writer: GraphWriter, changes: Iterable[UpsertChange], recent: Recent) -> RepeatRows:
    """For the stored repeats to be those of the facts with these changes."""
    view = writer.view()
    added: Counter[tuple[str, int]] = Counter()
    for entity, changed in _by_entity(changes).items():
        for part in _parts(changed):
            for time_ms, count in recent.change(view, entity, part).items():
                added[entity, floor_minute(time_ms)] += count
    found = tuple(RepeatChange(entity, minute_ms, count) for (entity, minute_ms), count in added.items() if count)
    return RepeatRows(_rows(writer, found), found)


def _by_entity(changes: Iterable[UpsertChange]) -> dict[str, FactsChange]:
    by_entity: defaultdict[str, FactsChange] = defaultdict(FactsChange)
    for change in changes:
        if not isinstance(change.row, FactRow):
            continue
        old, new = change.old_row, change.upsert.row
        if isinstance(old, FactRow):
            by_entity[old.entity].gone.append(known_fact(old))
        if isinstance(new, FactRow):
            by_entity[new.entity].come.append(known_fact(new))
    return by_entity


def _parts(changed: FactsChange) -> Iterator[FactsChange]:
    """Changes that are far from each other, apart, so that what lies between them is not read."""
    facts = [(fact, True) for fact in changed.come] + [(fact, False) for fact in changed.gone]
    part, latest_ms = FactsChange(), None
    for fact, comes in sorted(facts, key=lambda one: one[0].key.event_time):
        if latest_ms is not None and fact.key.event_time - latest_ms > APART_MS:
            yield part
            part = FactsChange()
        (part.come if comes else part.gone).append(fact)
        latest_ms = fact.key.event_time
    yield part


def _rows(writer: GraphWriter, changes: Iterable[RepeatChange]) -> RowChanges:
    more: defaultdict[bytes, Counter[int]] = defaultdict(Counter)
    for entity, minute_ms, added in changes:
        more[day_key(entity, minute_ms)][minute_of_day(minute_ms)] += added
    puts, deletes = [], []
    for (key, counts), stored in zip(more.items(), writer.get_many(list(more)), strict=True):
        minutes = Counter(unpack_minutes(stored or b""))
        minutes.update(counts)
        if any(minutes.values()):
            puts.append(Entry(key, pack_minutes(minutes.elements())))
        else:
            deletes.append(key)
    return RowChanges(tuple(puts), tuple(deletes))
