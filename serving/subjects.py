"""Who is asked about: entities and sectors that the graph knows, or knew by a moment. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving import keyspace
from serving.rows import stored_row
from serving.store import View
from udfs.changelog import Kind, NodeRow
from udfs.names import SECTOR_PREFIX

Members = tuple[str, ...]
"""Entities whose facts count together."""

SECTOR = "SECTOR"
"""The type of a sector, whose scores are the sums of its members'."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is scored: a node, and the entities whose facts count for it: itself, or a sector's members."""

    node: NodeRow
    members: Members


def find_node(view: View, entity: str, known_at_ms: int | None = None) -> NodeRow | None:
    """The entity, if the graph knows it, and knew it by then."""
    key = keyspace.row_key(f"{Kind.NODE}/{entity}".encode())
    stored = view.get(key)
    row = None if stored is None else stored_row(key, stored)
    if not isinstance(row, NodeRow):
        return None
    if known_at_ms is not None and not any(_known(view, keyspace.fact_prefix(entity), known_at_ms)):
        return None
    return row


def _known(view: View, prefix: bytes, known_at_ms: int) -> Iterator[bool]:
    """True for each fact under a prefix that was known by then."""
    for _, value in view.scan_prefix(prefix):
        if keyspace.unpack_fact(value).known_time <= known_at_ms:
            yield True


def find_subject(view: View, entity: str, known_at_ms: int | None = None) -> Subject | None:
    """The entity or sector, if the graph knows it, and knew it by then."""
    if entity.startswith(SECTOR_PREFIX):
        return _sector(view, entity, known_at_ms)
    node = find_node(view, entity, known_at_ms)
    return None if node is None else Subject(node, (node.entity,))


def _sector(view: View, sector: str, known_at_ms: int | None) -> Subject | None:
    prefix = keyspace.member_prefix(sector)
    members = {key[len(prefix) :].decode(): name.decode() for key, name in view.scan_prefix(prefix)}
    heard = members if known_at_ms is None else [one for one in members if find_node(view, one, known_at_ms)]
    if not heard:
        return None
    name = min(members.values())
    return Subject(NodeRow(sector, name, SECTOR, name, 1), tuple(members))
