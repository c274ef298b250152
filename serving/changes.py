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
from serving.keyspace import Entry, Packed
from serving.progress import Progress
from serving.views import View

FORMAT = 3
"""A record begins with it; the first format began with a list."""
KEPT = 2_048
"""Records; at 100 batches a second those of the last 20 seconds."""


class BucketSums(NamedTuple):
    """A bucket of an entity as it is from now on, None for one that is gone; `grain` as in keys."""

    entity: str
    grain: str
    start: int
    sums: Packed | None


class FactChange(NamedTuple):
    """A fact that is new, with its model versions; None where it is there no more, or is another one."""

    entity: str
    event_time: int
    models: str | None


class EdgeChange(NamedTuple):
    """What was added to a bucket of an edge, in micro-units; `grain` as in keys."""

    a: str
    b: str
    grain: str
    start: int
    articles: int
    weight: int
    weighted: int


class RepeatChange(NamedTuple):
    """How many more facts of an entity repeat a story in a minute than before, fewer if below zero."""

    entity: str
    minute_ms: int
    added: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Nodes that are others, and edges, buckets, facts and repeats that changed."""

    nodes: Sequence[str] = ()
    edges: Sequence[EdgeChange] = ()
    buckets: Sequence[BucketSums] = ()
    facts: Sequence[FactChange] = ()
    repeats: Sequence[RepeatChange] = ()


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
    kinds = (changes.edges, changes.buckets, changes.facts, changes.repeats)
    return orjson.dumps((FORMAT, changes.nodes, *([tuple(one) for one in some] for some in kinds)))


def load_changes(stored: bytes) -> Changes | None:
    """The inverse of `dump_changes`; None for what another release wrote."""
    form, *fields = orjson.loads(stored)
    if form != FORMAT:
        return None
    nodes, edges, buckets, facts, repeats = fields
    return Changes(
        tuple(nodes),
        tuple(map(EdgeChange._make, edges)),
        tuple(BucketSums(entity, grain, start, sums and tuple(sums)) for entity, grain, start, sums in buckets),
        tuple(map(FactChange._make, facts)),
        tuple(map(RepeatChange._make, repeats)),
    )
