"""What entities of the graph a text may mean: the gazetteer's, and those that only the graph knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from serving import keyspace
from serving.queries import articles_ever, find_node
from serving.store import View
from udfs.records import Entity, EntityType
from udfs.resolving import Resolution

NAMES_MAX = 200
"""So many names with the same beginning are looked at."""

PREFIX_SCORE_MAX = 0.9
"""Of a name that the words begin; only a whole name gets 1."""


class Resolves(Protocol):
    """A gazetteer's linker."""

    def resolve(self, text: str, limit: int) -> tuple[Resolution, ...]:
        """Entities that a text may mean, best first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a text may mean; `score` 0..1, `articles` over all time."""

    entity: Entity
    score: float
    articles: int


def candidates(view: View, linker: Resolves, text: str, limit: int) -> list[Candidate]:
    """Best first, then those with more articles, then by id."""
    found: dict[str, Candidate] = {}
    for resolution in (*linker.resolve(text, limit), *_names(view, text), *_by_id(view, text)):
        entity = resolution.entity
        known = found.get(entity.entity_id)
        if known is None:
            found[entity.entity_id] = Candidate(entity, resolution.score, articles_ever(view, entity.entity_id))
        elif known.score < resolution.score:
            found[entity.entity_id] = replace(known, score=resolution.score)
    ranked = sorted(found.values(), key=lambda one: (-one.score, -one.articles, one.entity.entity_id))
    return ranked[:limit]


def _by_id(view: View, text: str) -> Iterator[Resolution]:
    entity = _entity(view, text.strip())
    if entity is not None:
        yield Resolution(entity, 1.0)


def _names(view: View, text: str) -> Iterator[Resolution]:
    words = " ".join(text.casefold().replace("\0", " ").split())
    if not words:
        return
    keys = [key for key, _ in islice(view.scan_prefix(keyspace.name_prefix(words)), NAMES_MAX)]
    for key in keys:
        tail, entity_id = key[1:].decode().split("\0", 1)
        entity = _entity(view, entity_id)
        if entity is not None:
            whole = " ".join(entity.name.casefold().split())
            score = 1.0 if words == whole else PREFIX_SCORE_MAX * (0.5 + 0.5 * len(words) / len(whole))
            yield Resolution(entity, score if whole.startswith(tail) else score * PREFIX_SCORE_MAX)


def _entity(view: View, entity_id: str) -> Entity | None:
    node = find_node(view, entity_id)
    if node is None or node.type not in set(EntityType):
        return None
    return Entity(node.entity, node.name, EntityType(node.type), node.sector)
