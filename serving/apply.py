"""What one poll of the changelog changes in the graph store.

Records come at least once and, after a restart of the job, again from lower versions: a record
changes something only if its version is above the stored one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from serving import keyspace
from serving.alert_apply import apply_side
from serving.beginnings import beginning_changes
from serving.bucket_apply import row_changes
from serving.changes import numbered
from serving.draft import Draft
from serving.erase import erase, without_erased
from serving.progress import Progress, earlier, later
from serving.recent import Recent
from serving.repeat_apply import repeat_changes
from serving.rows import Upsert, parse_upsert
from serving.side import NONE, Side
from serving.store import GraphWriter
from serving.upsert_changes import UpsertChange, changes_of
from udfs.changelog import ChangelogError, CountRow, FactRow, NodeRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the changelog; `value` is None for a tombstone of Kafka's."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Poll:
    """Records in order of their partitions' offsets, and the offsets to read next.

    `side` is what the topics beside the changelog brought, `side_offsets` are theirs by topic, `count`
    is the number of all records, also of those that concern others.
    """

    records: Sequence[Record]
    offsets: Mapping[int, int]
    side: Side = NONE
    side_offsets: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many records changed the store, and how many were refused, which are in the log."""

    progress: Progress
    applied: int
    refused: int


def apply_poll(
    writer: GraphWriter, poll: Poll, progress: Progress, now_ms: int, recent: Recent | None = None
) -> Outcome:
    """Writes what a poll changes, together with its offsets, and gives the new progress.

    `recent` is what was kept of the polls before; it holds this one's changes too, and is wrong if this raises.
    """
    recent = Recent() if recent is None else recent
    for erasure in poll.side.erasures:
        progress = erase(writer, progress, erasure)
        recent.clear()
    upserts, refused = coalesce(poll.records)
    # What is erased counts for the times of the first and the latest event, so that the order does not matter.
    times = advance(progress, upserts)
    beginnings = beginning_changes(writer.view(), upserts)
    if progress.erasures:
        upserts = without_erased(writer, upserts)
    stored = writer.get_many([upsert.key for upsert in upserts])
    changes = [
        UpsertChange(upsert, old)
        for upsert, old in zip(upserts, stored, strict=True)
        if old is None or keyspace.row_version(old) < upsert.version
    ]
    draft = Draft(writer)
    alert_changes = apply_side(draft, poll.side, progress.alert_changes)
    after = replace(
        times,
        offsets={**progress.offsets, **poll.offsets},
        side=progress.moved_side(poll.side_offsets),
        facts=progress.facts + sum(change.added(FactRow) for change in changes),
        entities=progress.entities + sum(change.added(NodeRow) for change in changes),
        alert_changes=alert_changes,
        applied_at_ms=now_ms,
    )
    buckets = row_changes(writer, (bucket for change in changes for bucket in change.buckets()))
    repeats = repeat_changes(writer, changes, recent)
    recorded = numbered(changes_of(changes, repeats.changes), after)
    deletes = [key for change in changes for key in change.deletes()]
    puts = (entry for change in changes for entry in change.puts())
    writer.write(
        chain(puts, draft.puts, beginnings.puts, buckets.puts, repeats.rows.puts, recorded.puts),
        chain(deletes, draft.deletes, beginnings.deletes, buckets.deletes, repeats.rows.deletes, recorded.deletes),
        recorded.progress,
    )
    return Outcome(recorded.progress, len(changes), refused + poll.side.refused)


def coalesce(records: Iterable[Record]) -> tuple[list[Upsert], int]:
    """The highest version of each key, and how many records were refused."""
    highest: dict[bytes, Upsert] = {}
    refused = 0
    for record in records:
        upsert = _parse(record)
        if upsert is None:
            refused += 1
        elif upsert.key not in highest or highest[upsert.key].version < upsert.version:
            highest[upsert.key] = upsert
    return list(highest.values()), refused


def _parse(record: Record) -> Upsert | None:
    try:
        return parse_upsert(record.key or b"", record.value or b"")
    except ChangelogError as error:
        log.warning("changelog record %d/%d is skipped: %s", record.partition, record.offset, error)
        return None


def advance(progress: Progress, upserts: Sequence[Upsert]) -> Progress:
    """The progress with the times of these upserts' events."""
    first, latest = progress.first_event_ms, progress.latest_event_ms
    for upsert in upserts:
        match upsert.row:
            case FactRow(event_time=event):
                first, latest = earlier(first, event), later(latest, event)
            case CountRow(latest_event=event) if event:
                latest = later(latest, event)
    return replace(progress, first_event_ms=first, latest_event_ms=latest)
