"""Offsets by time, and how far a replay is, on a real broker."""

from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from jobs.replay_plan import ReplayPlan, Span
from udfs.replaying import DAY_MS, LOOK_BACK_MS
from udfs.topics import NEWS, NEWS_GRAPH, TopicSpec, consumer_group
from wiregraph import replay_offsets
from wiregraph.errors import Failure
from wiregraph.topics_admin import create_missing, forget_groups

pytestmark = pytest.mark.jvm

START_MS = 1_221_000_000_000
DAYS = (0, 2, 1, 9, 3)
"""When the records of partition 0 say that they are, in days from the start; partition 1 has the first of them."""


@pytest.fixture(scope="module")
def options(stack_broker: str) -> dict[str, Any]:
    return {"bootstrap_servers": stack_broker}


@pytest.fixture(scope="module")
def topic(options: dict[str, Any]) -> str:
    name = f"wire-{uuid4().hex[:8]}"
    create_missing(options, [TopicSpec(name, 3)])
    producer = KafkaProducer(**options)
    for partition, days in ((0, DAYS), (1, DAYS[:1])):
        for day in days:
            producer.send(name, b"x", partition=partition, timestamp_ms=START_MS + day * DAY_MS)
    producer.flush()
    producer.close()
    return name


def spans(options: dict[str, Any], topic: str, from_ms: int) -> list[tuple[int, int]]:
    plan = ReplayPlan(graph="g", topics=(topic,), from_ms=from_ms, to_ms=from_ms + 1)
    return [(span.start, span.end) for span in replay_offsets.article_spans(options, plan).inputs]


def test_it_begins_early_enough_and_ends_at_the_end(options: dict[str, Any], topic: str) -> None:
    assert spans(options, topic, 0) == [(0, 5), (0, 1), (0, 0)]
    assert spans(options, topic, START_MS + LOOK_BACK_MS) == [(0, 5), (0, 1), (0, 0)]
    assert spans(options, topic, START_MS + LOOK_BACK_MS + 1) == [(1, 5), (1, 1), (0, 0)]
    assert spans(options, topic, START_MS + LOOK_BACK_MS + 2 * DAY_MS + 1) == [(3, 5), (1, 1), (0, 0)]


def test_a_time_after_all_is_a_failure(options: dict[str, Any], topic: str) -> None:
    with pytest.raises(Failure, match="nothing to replay"):
        spans(options, topic, START_MS + LOOK_BACK_MS + 10 * DAY_MS)


@pytest.mark.parametrize(("from_day", "to_day", "all_in"), [(0, 10, True), (1, 10, False), (0, 9, False)])
def test_whether_a_range_holds_all(
    options: dict[str, Any], topic: str, from_day: int, to_day: int, all_in: bool
) -> None:
    from_ms, to_ms = (START_MS + day * DAY_MS for day in (from_day, to_day))
    plan = ReplayPlan(graph="g", topics=(topic,), from_ms=from_ms, to_ms=to_ms)
    assert replay_offsets.all_within(options, plan) is all_in


def test_what_is_left_is_what_no_checkpoint_has_committed(options: dict[str, Any]) -> None:
    inputs = tuple(Span(topic=NEWS, partition=part, start=10 * part, end=20) for part in range(2))
    plan = ReplayPlan(graph=f"g{uuid4().hex[:8]}", topics=(NEWS,), from_ms=0, to_ms=1, inputs=inputs)
    assert replay_offsets.records_left(options, plan) == 30
    ahead = (inputs[0].model_copy(update={"end": 15}),)
    replay_offsets.settle(options, plan.model_copy(update={"inputs": ahead}))
    assert replay_offsets.records_left(options, plan) == 15
    replay_offsets.settle(options, plan)
    assert replay_offsets.records_left(options, plan) == 0
    forget_groups(options, [consumer_group(NEWS_GRAPH, plan.graph)])
    assert replay_offsets.records_left(options, plan) == 30


def test_a_topic_has_an_id_of_its_own(options: dict[str, Any], topic: str) -> None:
    assert replay_offsets.topic_id(options, topic)
    assert replay_offsets.topic_id(options, topic) != replay_offsets.topic_id(options, NEWS)
    assert replay_offsets.topic_id(options, "nowhere") == ""
