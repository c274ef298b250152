"""Which entities, or which sectors, are in the news of a window. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving import keyspace
from serving.keyspace import Packed
from serving.queries import Question, binned
from serving.store import View
from serving.subjects import SECTOR, Subject, find_node, find_subject
from serving.windows import ZERO, Window, add, key_ranges
from udfs.changelog import NodeRow
from udfs.names import sector_id


@dataclass(frozen=True, slots=True)
class Filter:
    """Who is wanted: `kind` is ORG, PER, LOC, SECTOR for the sectors themselves, or empty for all entities.

    `sector` is the id of the one that they must be members of, empty for any.
    """

    kind: str = ""
    sector: str = ""

    def takes(self, node: NodeRow) -> bool:
        """Whether an entity is wanted."""
        return self.kind in {"", node.type} and self.sector in {"", sector_id(node.sector)}


def top(view: View, question: Question, wanted: Filter, limit: int | None) -> list[Subject]:
    """Those with articles in a window, by falling articles, then weight, then id."""
    sums = entity_sums(view, question)
    if wanted.kind == SECTOR:
        sums = sector_sums(view, sums)
    ranked = sorted(sums, key=lambda entity: (-sums[entity][0], -sums[entity][2], entity))
    chosen: list[Subject] = []
    for subject in subjects(view, ranked, wanted):
        if limit is not None and len(chosen) == limit:
            break
        chosen.append(subject)
    return chosen


def subjects(view: View, ranked: list[str], wanted: Filter) -> Iterator[Subject]:
    """Those of the entities that are wanted, in their order."""
    if wanted.kind == SECTOR:
        yield from (subject for one in ranked if (subject := find_subject(view, one)))
        return
    for entity in ranked:
        node = find_node(view, entity)
        if node is not None and wanted.takes(node):
            yield Subject(node, (entity,))


def entity_sums(view: View, question: Question) -> dict[str, Packed]:
    """The sums of every entity that has articles in a window."""
    sums = _stored_sums(view, question.window)
    if question.known_at_ms is None:
        return sums
    known = {entity: binned(view, (entity,), question, 1)[0] for entity in sums}
    return {entity: packed for entity, packed in known.items() if packed[0]}


def _stored_sums(view: View, window: Window) -> dict[str, Packed]:
    sums: dict[bytes, Packed] = {}
    prefix = keyspace.BUCKET_BY_TIME
    for keys in key_ranges(window):
        for key, value in view.scan(prefix + keys.lower, prefix + keys.upper):
            entity = key[len(prefix) + len(keys.lower) :]
            sums[entity] = add(sums.get(entity, ZERO), keyspace.unpack_bucket(value))
    return {entity.decode(): packed for entity, packed in sums.items() if packed[0]}


def sector_sums(view: View, sums: dict[str, Packed]) -> dict[str, Packed]:
    """The sums of sectors from those of entities."""
    sectors = _sectors(view)
    found: dict[str, Packed] = {}
    for entity, packed in sums.items():
        if entity in sectors:
            found[sectors[entity]] = add(found.get(sectors[entity], ZERO), packed)
    return found


def _sectors(view: View) -> dict[str, str]:
    """The sector of each entity that has one."""
    pairs = (key[1:].decode().split("/", 1) for key, _ in view.scan_prefix(keyspace.MEMBER))
    return {entity: sector for sector, entity in pairs}
