"""The store that is written without Kafka holds what the applier writes, as far as reads touch it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.read_graph import MODELS, Facts, Size, buckets, edges
from benchmarks.read_names import entity_id
from benchmarks.read_rows import node_row, record
from benchmarks.read_store import write_graph
from serving.apply import Poll, Record, apply_poll
from serving.keyspace import BUCKET, EDGE, FACT
from serving.progress import Progress
from serving.store import GraphReader, GraphWriter
from udfs.changelog import BucketRow, EdgeRow, FactRow, Grain, Row
from udfs.topics import NEWS

SIZE = Size(facts=400, entities=9, days=3)
TOUCHED = (FACT, BUCKET, EDGE, b"rnode/")


def rows(facts: Facts) -> Iterator[Row]:
    yield from map(node_row, range(SIZE.entities))
    columns = (facts.article, facts.entity, facts.time_ms, facts.mentions, facts.sentiment, facts.relevance)
    for article, entity, time_ms, mentions, *scores in zip(*columns, facts.polarity, strict=True):
        sentiment, relevance, polarity = map(int, scores)
        numbers = (int(time_ms), int(time_ms), False, int(mentions), 0, sentiment, relevance, polarity, 0, 0)
        yield FactRow(entity_id(entity), NEWS, f"bulk-{article}", *numbers, MODELS, "", "", "", "", "", 1)
    for grain in Grain:
        for entity, _, start_ms, (articles, *sums) in buckets(facts, grain).rows():
            bucket: tuple[Any, ...] = (entity_id(entity), grain, start_ms, *sums, articles)
            yield BucketRow(*bucket)
        for a, b, start_ms, (articles, *sums) in edges(facts, grain).rows():
            edge: tuple[Any, ...] = (entity_id(a), entity_id(b), grain, start_ms, *sums, articles)
            yield EdgeRow(*edge)


def touched(path: Path) -> list[tuple[bytes, bytes]]:
    with GraphReader(path) as reader:
        return [pair for pair in reader.view().scan(b"\0", b"\xff") if pair[0].startswith(TOUCHED)]


def test_it_is_what_the_applier_writes(tmp_path: Path) -> None:
    facts = write_graph(tmp_path / "bulk", SIZE, "topic")
    records = [Record(0, offset, *record(row)) for offset, row in enumerate(rows(facts))]
    with GraphWriter(tmp_path / "applied") as writer:
        outcome = apply_poll(writer, Poll(records, {0: len(records)}), Progress("topic", {}), 0)
        assert outcome.applied == len(records)
    assert touched(tmp_path / "bulk") == touched(tmp_path / "applied")
    with GraphReader(tmp_path / "bulk") as reader, GraphReader(tmp_path / "applied") as other:
        found, expected = reader.view().progress(), other.view().progress()
    assert (found.facts, found.entities) == (expected.facts, expected.entities)
    assert (found.first_event_ms, found.latest_event_ms) == (expected.first_event_ms, expected.latest_event_ms)
