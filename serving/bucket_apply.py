"""What upserts of buckets change in the rows that hold many of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from serving import keyspace
from serving.bucket_rows import changed_row, row_suffix, slot_of
from serving.keyspace import Entry, Packed
from serving.store import GraphWriter
from udfs.changelog import BucketRow, Grain


@dataclass(frozen=True, slots=True)
class BucketChange:
    """A bucket as it is from now on, or one that is taken away."""

    row: BucketRow
    gone: bool = False

    @property
    def key(self) -> bytes:
        """Of the row that it lies in."""
        return keyspace.bucket_prefix(self.row.entity) + row_suffix(Grain(self.row.grain), self.row.start)


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What is to be written."""

    puts: tuple[Entry, ...]
    deletes: tuple[bytes, ...]


def row_changes(writer: GraphWriter, changes: Iterable[BucketChange]) -> RowChanges:
    """Reads each row once, however many of its buckets change."""
    by_row: dict[bytes, dict[int, Packed | None]] = {}
    for change in changes:
        slot = slot_of(Grain(change.row.grain), change.row.start)
        by_row.setdefault(change.key, {})[slot] = None if change.gone else packed(change.row)
    puts, deletes = [], []
    for (key, changed), stored in zip(by_row.items(), writer.get_many(list(by_row)), strict=True):
        if row := changed_row(stored or b"", changed):
            puts.append(Entry(key, row))
        else:
            deletes.append(key)
    return RowChanges(tuple(puts), tuple(deletes))


def packed(row: BucketRow) -> Packed:
    """A bucket's columns."""
    sums = (row.mentions, row.weight, row.weighted, row.weighted_square, row.positive, row.neutral, row.negative)
    return (row.version, *sums)
