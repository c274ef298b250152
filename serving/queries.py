"""Scores of entities from a view of the graph store. Pure but for the reads.

What was known by a moment (`known_at_ms`) is summed from facts, everything else from buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from serving import keyspace
from serving.keyspace import TIME_MAX, FactKey, FactValue, Packed, time_bytes
from serving.rows import stored_row
from serving.store import View
from serving.windows import ZERO, Sums, Window, add, floor_minute, key_ranges, of_fact, zscore
from udfs.changelog import Grain, Kind, NodeRow

HISTORY = 30
"""The volume z-score compares a window with so many before it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A window, and what is taken into account: all there is, or what was known by a moment."""

    window: Window
    known_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """An entity over a window; `zscore` None while too little history exists."""

    node: NodeRow
    window: Window
    sums: Sums
    zscore: float | None
    models: str


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact of the index by time."""

    key: FactKey
    value: FactValue


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


def facts_in(view: View, entity: str, question: Question) -> Iterator[KnownFact]:
    """The facts of an entity, newest event first, ties by topic and article."""
    prefix = keyspace.fact_prefix(entity)
    window = question.window
    lower = prefix + time_bytes(TIME_MAX - window.end_ms + 1)
    upper = prefix + time_bytes(TIME_MAX - max(window.start_ms, 0) + 1)
    for key, stored in view.scan(lower, upper):
        value = keyspace.unpack_fact(stored)
        if question.known_at_ms is None or value.known_time <= question.known_at_ms:
            yield KnownFact(keyspace.parse_fact_key(key), value)


def binned(view: View, entity: str, last: Question, count: int) -> list[Packed]:
    """The sums of `count` windows side by side, oldest first, of which `last` is the last."""
    bins = [ZERO] * count
    first = last.window.before(count - 1)
    for time_ms, sums in _summands(view, entity, last, count):
        at = (time_ms - first.start_ms) // last.window.length_ms
        bins[at] = add(bins[at], sums)
    return bins


def _summands(view: View, entity: str, last: Question, count: int) -> Iterator[tuple[int, Packed]]:
    """Times and what is to be added in the windows that these lie in."""
    if last.known_at_ms is not None:
        whole = Window(last.window.end_ms, count * last.window.length_ms)
        for fact in facts_in(view, entity, Question(whole, last.known_at_ms)):
            yield fact.key.event_time, of_fact(fact.value)
        return
    prefix = keyspace.bucket_prefix(entity)
    for keys in key_ranges(last.window, count):
        for key, value in view.scan(prefix + keys.lower, prefix + keys.upper):
            yield int.from_bytes(key[-8:], "big"), keyspace.unpack_bucket(value)


def article_counts(view: View, entity: str, question: Question, first_event_ms: int | None) -> list[int]:
    """The articles in each of the windows before that exist, oldest first."""
    count = history_length(question.window, first_event_ms)
    if not count:
        return []
    last = question.window.before(1)
    if question.known_at_ms is not None:
        return [sums[0] for sums in binned(view, entity, Question(last, question.known_at_ms), count)]
    # The hottest loop of all reads, so it takes no more of a bucket than its count.
    counts = [0] * count
    first_ms, length_ms = last.end_ms - count * last.length_ms, last.length_ms
    prefix = keyspace.bucket_prefix(entity)
    for keys in key_ranges(last, count):
        for key, value in view.scan(prefix + keys.lower, prefix + keys.upper):
            at = (int.from_bytes(key[-8:], "big") - first_ms) // length_ms
            counts[at] += keyspace.bucket_articles(value)
    return counts


def history_length(window: Window, first_event_ms: int | None) -> int:
    """How many windows before this one exist, 0..30: those that begin after the graph's first event."""
    if first_event_ms is None:
        return 0
    return max(0, min(HISTORY, (window.start_ms - floor_minute(first_event_ms)) // window.length_ms))


def score(view: View, node: NodeRow, question: Question, first_event_ms: int | None) -> Score:
    """All scores of an entity over a window; zeros where there was no article."""
    (sums,) = binned(view, node.entity, question, 1)
    volume = zscore(sums[0], article_counts(view, node.entity, question, first_event_ms))
    models = next((fact.value.models for fact in facts_in(view, node.entity, question)), "") if sums[0] else ""
    return Score(node, question.window, Sums(*sums), volume, models)


def series(view: View, node: NodeRow, last: Question, count: int) -> list[Score]:
    """The scores of windows side by side, oldest first, without z-scores and model versions."""
    bins = binned(view, node.entity, last, count)
    windows = (last.window.before(back) for back in reversed(range(count)))
    return [Score(node, window, Sums(*sums), None, "") for window, sums in zip(windows, bins, strict=True)]


def top(view: View, question: Question, kind: str, limit: int | None) -> list[NodeRow]:
    """The entities with articles in a window, by falling articles, then weight, then id.

    `kind` is ORG, PER, LOC or empty for all.
    """
    sums = _all_sums(view, question.window)
    if question.known_at_ms is not None:
        known = {entity: binned(view, entity, question, 1)[0] for entity in sums}
        sums = {entity: packed for entity, packed in known.items() if packed[0]}
    ranked = sorted(sums, key=lambda entity: (-sums[entity][0], -sums[entity][2], entity))
    chosen: list[NodeRow] = []
    for entity in ranked:
        if limit is not None and len(chosen) == limit:
            break
        node = find_node(view, entity)
        if node is not None and kind in {"", node.type}:
            chosen.append(node)
    return chosen


def _all_sums(view: View, window: Window) -> dict[str, Packed]:
    sums: dict[bytes, Packed] = {}
    prefix = keyspace.BUCKET_BY_TIME
    for keys in key_ranges(window):
        for key, value in view.scan(prefix + keys.lower, prefix + keys.upper):
            entity = key[len(prefix) + len(keys.lower) :]
            sums[entity] = add(sums.get(entity, ZERO), keyspace.unpack_bucket(value))
    return {entity.decode(): packed for entity, packed in sums.items() if packed[0]}


def articles_ever(view: View, entity: str) -> int:
    """The number of an entity's facts over all time."""
    days = view.scan_prefix(keyspace.bucket_prefix(entity) + keyspace.GRAIN_BYTES[Grain.DAY])
    return sum(keyspace.unpack_bucket(value)[0] for _, value in days)
