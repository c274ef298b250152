"""What new facts change in the stored repeats: their own, and those of later facts, which may be less novel now.

A fact that comes late takes the novelty of similar ones up to 24 hours after it. So for each entity of a batch the
facts around its new ones are read, and compared without and with them: what differs is added to the stored rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from serving import keyspace
from serving.bucket_apply import RowChanges
from serving.keyspace import TIME_MAX, Entry, KnownFact, time_bytes
from serving.queries import Question, facts_in
from serving.repeats import day_key, minute_of_day, pack_minutes, unpack_minutes
from serving.rows import known_fact
from serving.store import GraphWriter
from serving.stories import REPEAT_WITHIN_MS, Stories, Told, age
from serving.upsert_changes import UpsertChange
from serving.views import View
from serving.windows import Window
from udfs.changelog import FactRow

APART_MS = 2 * REPEAT_WITHIN_MS
"""Facts further apart have no stories around them in common."""


@dataclass(slots=True)
class _Change:
    """Facts that come and go within some hours."""

    come: list[KnownFact] = field(default_factory=list)
    gone: list[KnownFact] = field(default_factory=list)

    @property
    def times(self) -> list[int]:
        return [fact.key.event_time for fact in (*self.come, *self.gone)]


def repeat_changes(writer: GraphWriter, changes: Iterable[UpsertChange]) -> RowChanges:
    """What is to be written so that the stored repeats are those of the facts with these changes."""
    view = writer.view()
    more: dict[bytes, Counter[int]] = {}
    for entity, changed in _by_entity(changes).items():
        for part in _parts(changed):
            for time_ms, count in _difference(view, entity, part).items():
                more.setdefault(day_key(entity, time_ms), Counter())[minute_of_day(time_ms)] += count
    return _rows(writer, {key: counts for key, counts in more.items() if any(counts.values())})


def _by_entity(changes: Iterable[UpsertChange]) -> dict[str, _Change]:
    by_entity: defaultdict[str, _Change] = defaultdict(_Change)
    for change in changes:
        if not isinstance(change.row, FactRow):
            continue
        old, new = change.old_row, change.upsert.row
        if isinstance(old, FactRow):
            by_entity[old.entity].gone.append(known_fact(old))
        if isinstance(new, FactRow):
            by_entity[new.entity].come.append(known_fact(new))
    return by_entity


def _parts(changed: _Change) -> Iterator[_Change]:
    """Changes that are far from each other, apart, so that what lies between them is not read."""
    facts = [(fact, True) for fact in changed.come] + [(fact, False) for fact in changed.gone]
    part, latest_ms = _Change(), None
    for fact, comes in sorted(facts, key=lambda one: one[0].key.event_time):
        if latest_ms is not None and fact.key.event_time - latest_ms > APART_MS:
            yield part
            part = _Change()
        (part.come if comes else part.gone).append(fact)
        latest_ms = fact.key.event_time
    yield part


def _difference(view: View, entity: str, part: _Change) -> Counter[int]:
    """How many more facts repeat a story than before, by their event times."""
    first_ms, last_ms = min(part.times), max(part.times)
    if not part.gone and next(_told(view, entity, first_ms, last_ms + REPEAT_WITHIN_MS + 1), None) is None:
        return _latest(view, entity, part, first_ms)
    around = Window(last_ms + REPEAT_WITHIN_MS + 1, last_ms - first_ms + APART_MS + 1)
    before = {fact.key: fact for fact in facts_in(view, entity, Question(around))}
    gone = {fact.key for fact in part.gone}
    after = {key: fact for key, fact in before.items() if key not in gone}
    after |= {fact.key: fact for fact in part.come}
    difference = Counter(Stories(after.values()).repeats(first_ms))
    if any(key.event_time >= first_ms for key in before):
        difference.subtract(Stories(before.values()).repeats(first_ms))
    return difference


def _latest(view: View, entity: str, part: _Change, first_ms: int) -> Counter[int]:
    """Of facts that are later than all that are stored near them, as nearly all are: only their own may repeat."""
    told = list(_told(view, entity, first_ms - REPEAT_WITHIN_MS, first_ms))[::-1]
    told += [(fact.key.event_time, fact.value.signature) for fact in sorted(part.come, key=age)]
    times, signatures = zip(*told, strict=True)
    return Counter(Told(times, signatures).repeats(first_ms))


def _told(view: View, entity: str, start_ms: int, end_ms: int) -> Iterator[tuple[int, bytes]]:
    """Event times in [start, end) and signatures, newest first; a fact is read in full many times slower."""
    prefix = keyspace.fact_prefix(entity)
    lower, upper = (time_bytes(TIME_MAX - max(time_ms, 0) + 1) for time_ms in (end_ms, start_ms))
    at = len(prefix)
    for key, value in view.scan(prefix + lower, prefix + upper):
        yield TIME_MAX - keyspace.parse_time(key[at : at + len(lower)]), keyspace.fact_signature(value)


def _rows(writer: GraphWriter, more: Mapping[bytes, Counter[int]]) -> RowChanges:
    puts, deletes = [], []
    for (key, counts), stored in zip(more.items(), writer.get_many(list(more)), strict=True):
        minutes = Counter(unpack_minutes(stored or b""))
        minutes.update(counts)
        if any(minutes.values()):
            puts.append(Entry(key, pack_minutes(minutes.elements())))
        else:
            deletes.append(key)
    return RowChanges(tuple(puts), tuple(deletes))
