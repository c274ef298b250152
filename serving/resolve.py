"""What entities of the graph a text may mean: the gazetteer's, and those that only the graph knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from serving import keyspace
from serving.queries import article_count
from serving.store import View
from serving.subjects import find_node
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
    """An entity that a text may mean; `score` 0..1, `articles` up to the moments of the question."""

    entity: Entity
    score: float
    articles: int


@dataclass(frozen=True, slots=True)
class Words:
    """What is asked: articles count before `end_ms`, and facts known by `known_at_ms`; None for all."""

    text: str
    end_ms: int | None = None
    known_at_ms: int | None = None


def candidates(view: View, linker: Resolves, words: Words, limit: int) -> list[Candidate]:
    """Best first, then those with more articles, then by id.

    The gazetteer's entities are known at any time, since no article made them.
    """
    best: dict[str, Resolution] = {}
    for one in (*linker.resolve(words.text, limit), *_names(view, words), *_by_id(view, words)):
        known = best.setdefault(one.entity.entity_id, one)
        if known.score < one.score:
            best[one.entity.entity_id] = replace(known, score=one.score)
    found = (
        Candidate(one.entity, one.score, article_count(view, entity, words.end_ms, words.known_at_ms))
        for entity, one in best.items()
        # The gazetteer knows entities that the graph must not name any more.
        if view.get(keyspace.erased_key(entity)) is None
    )
    return sorted(found, key=lambda one: (-one.score, -one.articles, one.entity.entity_id))[:limit]


def _by_id(view: View, words: Words) -> Iterator[Resolution]:
    entity = _entity(view, words.text.strip(), words.known_at_ms)
    if entity is not None:
        yield Resolution(entity, 1.0)


def _names(view: View, asked: Words) -> Iterator[Resolution]:
    words = " ".join(asked.text.casefold().replace("\0", " ").split())
    if words:
        # What was heard later must not even take the place of what was known.
        yield from islice(_named(view, words, asked.known_at_ms), NAMES_MAX)


def _named(view: View, words: str, known_at_ms: int | None) -> Iterator[Resolution]:
    for key in _name_keys(view, keyspace.name_prefix(words)):
        tail, entity_id = key[1:].decode().split("\0", 1)
        entity = _entity(view, entity_id, known_at_ms)
        if entity is not None:
            whole = " ".join(entity.name.casefold().split())
            score = 1.0 if words == whole else PREFIX_SCORE_MAX * (0.5 + 0.5 * len(words) / len(whole))
            yield Resolution(entity, score if whole.startswith(tail) else score * PREFIX_SCORE_MAX)


def _name_keys(view: View, prefix: bytes) -> Iterator[bytes]:
    """Some at a time, since a view reads one thing at a time."""
    lower = prefix
    while keys := [key for key, _ in islice(view.scan(lower, keyspace.after_prefix(prefix)), NAMES_MAX)]:
        yield from keys
        lower = keys[-1] + b"\0"


def _entity(view: View, entity_id: str, known_at_ms: int | None) -> Entity | None:
    node = find_node(view, entity_id, known_at_ms)
    if node is None or node.type not in set(EntityType):
        return None
    return Entity(node.entity, node.name, EntityType(node.type), node.sector)
