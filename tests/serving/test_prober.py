"""How far a job is, by what its group has committed, on a real broker."""

from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from jobs.replay_plan import ReplayPlan, Span
from serving.prober import Prober
from serving.progress import InputPartition
from udfs.topics import NEWS_GRAPH, TopicSpec, consumer_group
from wiregraph import replay_offsets
from wiregraph.topics_admin import create_missing

pytestmark = pytest.mark.jvm

TIMES_MS = (1_000, 9_000, 5_000, 0)
"""Of the records of a partition; the last one is one of those that nobody can read."""


def latest(options: dict[str, Any], topic: str, committed: int) -> InputPartition:
    graph, inputs = uuid4().hex[:8], (Span(topic=topic, partition=0, start=0, end=committed),)
    plan = ReplayPlan(graph=graph, topics=(topic,), from_ms=0, to_ms=1, inputs=inputs)
    replay_offsets.settle(options, plan)
    with closing(Prober(consumer_group(NEWS_GRAPH, graph), (topic,), options)) as prober:
        (found,) = prober.probe({})
    return found


def test_the_latest_time_is_the_highest_before_the_committed_offset(stack_broker: str) -> None:
    options, topic = {"bootstrap_servers": stack_broker}, uuid4().hex
    create_missing(options, [TopicSpec(topic, 1)])
    with closing(KafkaProducer(**options)) as producer:
        for time_ms in TIMES_MS:
            producer.send(topic, b"x", timestamp_ms=time_ms)
    found = [latest(options, topic, committed) for committed in (1, 3, 4)]
    assert [(one.committed, one.end, one.latest_ms) for one in found] == [(1, 4, 1_000), (3, 4, 9_000), (4, 4, 9_000)]
