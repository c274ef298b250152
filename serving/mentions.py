"""The facts of an entity in pages, from a view of the graph store. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving import keyspace
from serving.keyspace import TIME_MAX, FactKey, time_bytes
from serving.queries import Question
from serving.rows import stored_row
from serving.store import View
from udfs.changelog import FactRow, fact_key


@dataclass(frozen=True, slots=True)
class MentionPage:
    """Facts, newest event first, and the key of the last one if there are more."""

    facts: tuple[FactRow, ...]
    last_key: bytes | None


def mention_page(view: View, entity: str, question: Question, size: int, after: bytes | None = None) -> MentionPage:
    """At most `size` facts of a window that follow the key `after`."""
    keys: list[bytes] = []
    for key in _fact_keys(view, entity, question, after):
        if len(keys) == size:
            return MentionPage(_facts(view, keys), keys[-1])
        keys.append(key)
    return MentionPage(_facts(view, keys), None)


def _fact_keys(view: View, entity: str, question: Question, after: bytes | None) -> Iterator[bytes]:
    prefix = keyspace.fact_prefix(entity)
    window = question.window
    lower = prefix + time_bytes(TIME_MAX - window.end_ms + 1)
    upper = prefix + time_bytes(TIME_MAX - max(window.start_ms, 0) + 1)
    lower = lower if after is None else max(lower, after + b"\0")
    for key, value in view.scan(lower, upper):
        if question.known_at_ms is None or keyspace.unpack_fact(value).known_time <= question.known_at_ms:
            yield key


def _facts(view: View, keys: list[bytes]) -> tuple[FactRow, ...]:
    rows = (fact_of(view, keyspace.parse_fact_key(key)) for key in keys)
    return tuple(row for row in rows if row is not None)


def fact_of(view: View, parsed: FactKey) -> FactRow | None:
    """All that is stored of a fact."""
    row_key = keyspace.row_key(fact_key(parsed.entity, parsed.topic, parsed.article).encode())
    stored = view.get(row_key)
    row = None if stored is None else stored_row(row_key, stored)
    return row if isinstance(row, FactRow) else None
