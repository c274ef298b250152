"""Takes an erased subject out of the store and leaves a guard: from then on nothing of it is stored again.

The guard is written first. A kill in the middle leaves the erasure's offset where it was, so that the
next start does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from serving import keyspace
from serving.alert_apply import AlertApplier
from serving.changes import unrecorded
from serving.draft import Draft
from serving.erasures import Erasure, is_entity
from serving.keyspace import GRAINS, Entry, row_key
from serving.progress import Progress
from serving.rows import Upsert, entries, stored_row
from serving.store import GraphWriter, View
from udfs.changelog import BucketRow, EdgeRow, FactRow, Kind, NodeRow, Row

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class _Stored:
    key: bytes
    row: Row | None


def erase(writer: GraphWriter, progress: Progress, erasure: Erasure) -> Progress:
    """Writes the guard and takes everything away that the store holds of the subject; gives the new progress."""
    guard = keyspace.erased_key(erasure.subject)
    (known,) = writer.get_many([guard])
    progress = replace(progress, erasures=progress.erasures + (known is None))
    draft = Draft(writer)
    alerts = AlertApplier(draft, progress.alert_changes)
    if is_entity(erasure.subject):
        alerts.erase_labels_of_entity(erasure.subject)
    else:
        alerts.erase_subject(erasure.subject)
    if known is None:
        draft.put(guard, keyspace.time_bytes(max(0, erasure.at)))
    if not is_entity(erasure.subject):
        writer.write(draft.puts, draft.deletes, progress)
        return progress
    progress = _write(writer, draft.puts, draft.deletes, progress)
    return _erase_entity(writer, progress, erasure.subject)


def _write(writer: GraphWriter, puts: Iterable[Entry], deletes: Iterable[bytes], progress: Progress) -> Progress:
    """Writes a part of an erasure, which readers have to see at once."""
    hidden = unrecorded(writer.view(), progress)
    writer.write(chain(puts, hidden.puts), chain(deletes, hidden.deletes), hidden.progress)
    return hidden.progress


def erased_at(view_value: bytes | None) -> int | None:
    """When a subject's erasure was asked for, epoch ms, of its guard's value; None where it has no guard."""
    return None if view_value is None else int.from_bytes(view_value, "big")


def _erase_entity(writer: GraphWriter, progress: Progress, entity: str) -> Progress:
    rows = _rows_of(writer.view(), writer.view(), entity)
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        progress = replace(
            progress,
            facts=progress.facts - sum(isinstance(one.row, FactRow) for one in chunk),
            entities=progress.entities - sum(isinstance(one.row, NodeRow) for one in chunk),
        )
        progress = _write(writer, (), _keys_of(chunk), progress)
    prefixes = (keyspace.bucket_prefix(entity), keyspace.repeat_prefix(entity))
    shared = [key for prefix in prefixes for key, _ in writer.view().scan_prefix(prefix)]
    return _write(writer, (), shared, progress)


def _keys_of(rows: Sequence[_Stored]) -> Iterator[bytes]:
    for one in rows:
        yield one.key
        yield from (entry.key for entry in (entries(one.row) if one.row else ()))


def _rows_of(view: View, edges: View, entity: str) -> Iterator[_Stored]:
    """The rows of an entity when the views were taken: the node first, so that nobody finds it any more."""
    node = row_key(f"{Kind.NODE}/{entity}".encode())
    stored = view.get(node)
    if stored is not None:
        yield _Stored(node, stored_row(node, stored))
    for kind in (Kind.FACT, Kind.BUCKET, Kind.EDGE):
        for key, value in view.scan_prefix(row_key(f"{kind}/{entity}/".encode())):
            yield _Stored(key, stored_row(key, value))
    for key in _edges_to(edges, entity):
        stored = view.get(key)
        if stored is not None:
            yield _Stored(key, stored_row(key, stored))


def _edges_to(view: View, entity: str) -> Iterator[bytes]:
    """The keys of the edges that name the entity last, found from its end."""
    prefix = keyspace.edge_prefix(entity)
    for key, _ in view.scan_prefix(prefix):
        grain, start, other = key[len(prefix) :][:1], key[len(prefix) + 1 :][:8], key[len(prefix) + 9 :].decode()
        if other < entity:
            time_ms = int.from_bytes(start, "big")
            yield row_key(f"{Kind.EDGE}/{other}/{entity}/{GRAINS[grain]}/{time_ms}".encode())


def without_erased(writer: GraphWriter, upserts: Sequence[Upsert]) -> list[Upsert]:
    """Those that name no erased entity."""
    named = [_entities(upsert) for upsert in upserts]
    entities = sorted({entity for pair in named for entity in pair})
    guards = writer.get_many([keyspace.erased_key(entity) for entity in entities])
    erased = {entity for entity, guard in zip(entities, guards, strict=True) if guard is not None}
    return [upsert for upsert, pair in zip(upserts, named, strict=True) if not erased & pair]


def _entities(upsert: Upsert) -> set[str]:
    match upsert.row:
        case FactRow(entity=entity) | BucketRow(entity=entity) | NodeRow(entity=entity):
            return {entity}
        case EdgeRow(a=a, b=b):
            return {a, b}
    # A deletion has no fields; its key names at most two entities after the kind.
    return set(upsert.key[len(keyspace.ROW) :].decode().split("/")[1:3])
