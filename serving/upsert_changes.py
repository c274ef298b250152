"""Upserts that win over what is stored: what each puts, takes away, and makes different for readers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from serving import keyspace
from serving.bucket_apply import BucketChange, packed
from serving.changes import BucketSums, Changes, EdgeChange, FactChange, RepeatChange
from serving.keyspace import GRAIN_BYTES, Entry, Packed
from serving.rows import DELETED, Upsert, entries, stored_row
from udfs.changelog import BucketRow, CountRow, EdgeRow, FactRow, Grain, NodeRow, Row

NO_EDGE: Packed = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class UpsertChange:
    """An upsert that wins over the stored row, whose value is `stored`; None for a new key."""

    upsert: Upsert
    stored: bytes | None

    @property
    def old_row(self) -> Row | None:
        """The stored row, None where there is none or a deleted one."""
        return None if self.stored is None else stored_row(self.upsert.key, self.stored)

    @property
    def row(self) -> Row | None:
        """What is upserted, or the row that is taken away."""
        return self.upsert.row or self.old_row

    def puts(self) -> list[Entry]:
        """The row and the derived entries that are its own."""
        upsert = self.upsert
        row = Entry(upsert.key, keyspace.row_value(upsert.version, upsert.canonical))
        return [row, *(entries(upsert.row) if upsert.row else ())]

    def deletes(self) -> list[bytes]:
        """The derived entries of the stored row that this takes away; what stays is put again in the same batch."""
        if isinstance(self.upsert.row, BucketRow | EdgeRow | CountRow):  # Theirs stay, they are under the same keys.
            return []
        row = self.old_row
        return [entry.key for entry in entries(row)] if row else []

    def buckets(self) -> Iterator[BucketChange]:
        """The change of a bucket, if it is one."""
        row = self.row
        if isinstance(row, BucketRow):
            yield BucketChange(row, gone=self.upsert.row is None)

    def added(self, kind: type[Row]) -> int:
        """1 if this brings a row of the kind, -1 if it takes one away, else 0."""
        if isinstance(self.upsert.row, kind):
            return int(self.stored is None or keyspace.row_json(self.stored) == DELETED)
        return -int(self.upsert.row is None and isinstance(self.old_row, kind))

    def edge_change(self, row: EdgeRow) -> EdgeChange:
        """How much more the bucket of an edge holds."""
        before = NO_EDGE if self.stored is None else _edge_sums(self.stored)
        after = NO_EDGE if self.upsert.row is None else (row.version, row.weight, row.weighted)
        more = (new - old for new, old in zip(after, before, strict=True))
        return EdgeChange(row.a, row.b, GRAIN_BYTES[Grain(row.grain)].decode(), row.start, *more)


def _edge_sums(stored: bytes) -> Packed:
    canonical = keyspace.row_json(stored)
    if canonical == DELETED:
        return NO_EDGE
    fields = orjson.loads(canonical)
    return keyspace.row_version(stored), fields["weight"], fields["weighted"]


def changes_of(changes: Iterable[UpsertChange], repeats: Sequence[RepeatChange]) -> Changes:
    """What readers must know of a batch, which changes repeats so."""
    nodes: set[str] = set()
    edges: list[EdgeChange] = []
    buckets: list[BucketSums] = []
    facts: list[FactChange] = []
    for change in changes:
        match change.row:
            case NodeRow(entity=entity):
                nodes.add(entity)
            case BucketRow() as row:
                sums = None if change.upsert.row is None else packed(row)
                buckets.append(BucketSums(row.entity, GRAIN_BYTES[Grain(row.grain)].decode(), row.start, sums))
            case FactRow() as row:
                models = row.models if change.added(FactRow) == 1 else None
                facts.append(FactChange(row.entity, row.event_time, models))
            case EdgeRow() as row:
                edges.append(change.edge_change(row))
    return Changes(tuple(sorted(nodes)), tuple(edges), tuple(buckets), tuple(facts), repeats)
