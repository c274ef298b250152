"""What a batch changed, as readers of the store are told: so they know which of their answers are still right.

Each batch that changes the graph's rows leaves a record with the next number. Only the latest are kept: a
reader that missed some forgets all it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import orjson

from serving import keyspace
from serving.keyspace import Entry
from serving.progress import Progress
from serving.views import View

KEPT = 1_024
"""Records; at 50 batches a second those of the last 20 seconds."""


class RowChange(NamedTuple):
    """A row of an entity's buckets, as `serving.bucket_rows` has them; `grain` as in keys."""

    entity: str
    grain: str
    start: int

    @property
    def suffix(self) -> bytes:
        """What follows the entity in its key."""
        return self.grain.encode() + keyspace.time_bytes(self.start)


class EdgeChange(NamedTuple):
    """What was added to a bucket of an edge, in micro-units; `grain` as in keys."""

    a: str
    b: str
    grain: str
    start: int
    articles: int
    weight: int
    weighted: int


@dataclass(frozen=True, slots=True)
class Changes:
    """`entities` have other facts, buckets or nodes, `nodes` another node, `rows` hold the changed buckets."""

    entities: Sequence[str] = ()
    nodes: Sequence[str] = ()
    edges: Sequence[EdgeChange] = ()
    rows: Sequence[RowChange] = ()


@dataclass(frozen=True, slots=True)
class Numbered:
    """What is to be written so that readers know of a batch, and its progress."""

    puts: tuple[Entry, ...]
    deletes: tuple[bytes, ...]
    progress: Progress


def numbered(changes: Changes, progress: Progress) -> Numbered:
    """The next record; nothing where nothing changed."""
    if changes == Changes():
        return Numbered((), (), progress)
    number = progress.changes + 1
    gone = (keyspace.change_key(number - KEPT),) if number > KEPT else ()
    entry = Entry(keyspace.change_key(number), dump_changes(changes))
    return Numbered((entry,), gone, replace(progress, changes=number))


def unrecorded(view: View, progress: Progress) -> Numbered:
    """A number without a record, and no records before it: readers forget all, and no record names who is erased."""
    deletes = tuple(key for key, _ in view.scan_prefix(keyspace.CHANGE))
    return Numbered((), deletes, replace(progress, changes=progress.changes + 1))


def dump_changes(changes: Changes) -> bytes:
    """As it is stored."""
    edges, rows = [tuple(one) for one in changes.edges], [tuple(one) for one in changes.rows]
    return orjson.dumps((changes.entities, changes.nodes, edges, rows))


def load_changes(stored: bytes) -> Changes:
    """The inverse of `dump_changes`."""
    entities, nodes, edges, rows = orjson.loads(stored)
    return Changes(
        tuple(entities), tuple(nodes), tuple(map(EdgeChange._make, edges)), tuple(map(RowChange._make, rows))
    )
