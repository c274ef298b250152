"""Writes a generated graph into a store by the applier's layout, without Kafka, which would take half an hour.

Written is what reads of scores and of edges touch: facts by time, buckets and edges by entity, nodes. Left out are the
changelog's own rows of facts, buckets and edges, which the applier compares versions with and lists of mentions show,
facts by article, buckets by time and names. What the applier adds later has all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.read_graph import MODELS, Facts, Size, buckets, edges, generate
from benchmarks.read_names import entity_id
from benchmarks.read_rows import node_row, record
from serving import keyspace
from serving.bucket_rows import pack_row, row_length_ms, row_suffix, slot_of
from serving.keyspace import Entry, FactKey, FactValue
from serving.progress import Progress
from serving.rows import parse_upsert
from serving.store import GraphWriter
from udfs.changelog import Grain
from udfs.topics import NEWS

BATCH = 20_000


def write_graph(path: Path, size: Size, topic_id: str = "", *, with_edges: bool = True) -> Facts:
    """Gives what was written; the store then follows a changelog of this id from its begin."""
    facts = generate(size)
    found = chain(_nodes(size), _facts(facts), _buckets(facts), _edges(facts) if with_edges else ())
    progress = Progress(
        topic_id=topic_id,
        offsets={},
        first_event_ms=int(facts.time_ms[0]),
        latest_event_ms=int(facts.time_ms[-1]),
        applied_at_ms=time.time_ns() // 1_000_000,
        facts=len(facts.entity),
        entities=size.entities,
    )
    with GraphWriter(path) as writer:
        _write(writer, found, progress)
    return facts


def follow_topic(path: Path, topic_id: str) -> None:
    """Makes a store that was written before follow another changelog from its begin."""
    with GraphWriter(path) as writer:
        progress = writer.progress()
        if progress is None:
            raise ValueError(f"{path} holds no graph")
        writer.write((), (), replace(progress, topic_id=topic_id))


def _write(writer: GraphWriter, found: Iterable[Entry], progress: Progress) -> None:
    rest = iter(found)
    while batch := list(islice(rest, BATCH)):
        writer.write(batch, (), progress)


def _nodes(size: Size) -> Iterator[Entry]:
    for number in range(size.entities):
        upsert = parse_upsert(*record(node_row(number)))
        yield Entry(upsert.key, keyspace.row_value(upsert.version, upsert.canonical))


def _facts(facts: Facts) -> Iterator[Entry]:
    """By entity, so that RocksDB need not sort them again."""
    order = np.lexsort((-facts.time_ms, facts.entity))
    columns = (facts.article, facts.entity, facts.time_ms, facts.mentions, facts.sentiment, facts.relevance)
    every = np.stack([*columns, facts.polarity])[:, order]
    for at in range(0, every.shape[1], BATCH):
        for article, entity, time_ms, *measured in zip(*every[:, at : at + BATCH].tolist(), strict=True):
            key = keyspace.fact_key(FactKey(entity_id(entity), time_ms, NEWS, f"bulk-{article}"))
            fields: tuple[Any, ...] = (time_ms, *measured, MODELS)
            yield Entry(key, keyspace.pack_fact(FactValue(*fields)))


def _buckets(facts: Facts) -> Iterator[Entry]:
    for grain in Grain:
        length_ms = row_length_ms(grain)
        rows = groupby(buckets(facts, grain).rows(), key=lambda one: (one[0], one[2] - one[2] % length_ms))
        for (entity, start_ms), found in rows:
            key = keyspace.bucket_prefix(entity_id(entity)) + row_suffix(grain, start_ms)
            yield Entry(key, pack_row({slot_of(grain, one[2]): tuple(one[3]) for one in found}))


def _edges(facts: Facts) -> Iterator[Entry]:
    for grain in Grain:
        for one, other, start_ms, (articles, weight, weighted) in edges(facts, grain).rows():
            start, value = keyspace.bucket_start(grain, start_ms), keyspace.pack_edge(articles, weight, weighted)
            for a, b in ((entity_id(one), entity_id(other)), (entity_id(other), entity_id(one))):
                yield Entry(keyspace.edge_prefix(a) + start + b.encode(), value)
