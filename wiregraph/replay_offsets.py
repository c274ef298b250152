"""What a replay asks Kafka: where to begin and end, and, when it is over, how far its graph is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import CoordinatorNotAvailableError, GroupIdNotFoundError, NoError
from kafka.structs import OffsetAndMetadata

from jobs.replay_plan import ReplayPlan, Span
from serving.prober import Prober
from serving.progress import watermark
from serving.settings import INPUT_TOPICS
from udfs.replaying import LOOK_BACK_MS
from udfs.topics import GRAPH, NEWS_GRAPH, consumer_group, graph_topic
from wiregraph.errors import Failure
from wiregraph.topics_admin import admin_client, consumer, partitions

SETTLE_S, POLL_S = 60.0, 0.5
"""How long a broker may take to get its groups ready, which it begins when it is first asked for one."""


@dataclass(frozen=True, slots=True)
class Spans:
    """The partitions of the inputs, and of the live changelog where a replay reads that."""

    inputs: tuple[Span, ...]
    rows: tuple[Span, ...] = ()


def article_spans(options: Mapping[str, Any], plan: ReplayPlan) -> Spans:
    """From the first record that can matter to the present ends; raises Failure where that is nothing."""
    with consumer(options) as reader:
        inputs = tuple(span for topic in plan.topics for span in _spans(reader, topic, plan.from_ms - LOOK_BACK_MS))
    if all(span.start == span.end for span in inputs):
        raise Failure(f"nothing to replay: no record of {' or '.join(plan.topics)} is that late")
    return Spans(inputs)


def fact_spans(options: Mapping[str, Any], plan: ReplayPlan) -> Spans:
    """The live changelog up to its present ends, and how much of the inputs it surely holds by then."""
    with admin_client(options) as admin:
        committed = _committed(admin, consumer_group(NEWS_GRAPH))
    with consumer(options) as reader:
        rows = tuple(_spans(reader, GRAPH, 0))
    if all(span.start == span.end for span in rows):
        raise Failure("nothing to replay: the live graph's changelog is empty; leave --from-facts out")
    inputs = (
        Span(topic=part.topic, partition=part.partition, start=0, end=end)
        for part, end in committed.items()
        if part.topic in plan.topics
    )
    return Spans(tuple(inputs), rows)


def _spans(reader: KafkaConsumer, topic: str, from_ms: int) -> Iterable[Span]:
    parts = partitions(reader, topic)
    ends, starts = reader.end_offsets(parts), reader.beginning_offsets(parts)
    if from_ms > 0:
        # The first record of that time or a later one: whatever lies before it is older.
        found = reader.offsets_for_times(dict.fromkeys(parts, from_ms))
        starts = {part: min(found[part].offset, ends[part]) if found.get(part) else ends[part] for part in parts}
    return [Span(topic=topic, partition=part.partition, start=starts[part], end=ends[part]) for part in parts]


def topic_id(options: Mapping[str, Any], topic: str) -> str:
    """The unique id of a topic; empty where there is none."""
    with admin_client(options) as admin:
        (found,) = admin.describe_topics([topic])
    return "" if found.get("error_code") else str(found["topic_id"])


def ends_of(options: Mapping[str, Any], graph: str) -> dict[int, int]:
    """The offsets after the last rows of a graph's changelog, by partition."""
    with consumer(options) as reader:
        return {span.partition: span.end for span in _spans(reader, graph_topic(graph), 0)}


def settle(options: Mapping[str, Any], plan: ReplayPlan) -> None:
    """Say that a graph's changelog holds all inputs of its plan; its applier makes the watermark of it."""
    offsets = {TopicPartition(span.topic, span.partition): OffsetAndMetadata(span.end, "", -1) for span in plan.inputs}
    group, deadline = consumer_group(NEWS_GRAPH, plan.graph), time.monotonic() + SETTLE_S
    with admin_client(options) as admin:
        while why := _refused(admin, group, offsets):
            if time.monotonic() > deadline:
                raise Failure(f"Kafka does not take the offsets of {group}: {why}")
            time.sleep(POLL_S)


def _refused(admin: KafkaAdminClient, group: str, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> str:
    """Why a group's offsets were not taken; empty when they were."""
    if not offsets:
        return ""
    try:
        answers = admin.alter_group_offsets(group, offsets)
    except CoordinatorNotAvailableError as error:
        return type(error).__name__
    return ", ".join(sorted({error.__name__ for error in answers.values()} - {NoError.__name__}))


def records_left(options: Mapping[str, Any], plan: ReplayPlan) -> int:
    """How many records of the inputs lie behind the offsets that the replay's newest checkpoint has committed."""
    with admin_client(options) as admin:
        committed = _committed(admin, consumer_group(NEWS_GRAPH, plan.graph))
    reached = ((span, committed.get(TopicPartition(span.topic, span.partition), 0)) for span in plan.inputs)
    return sum(span.end - min(span.end, max(span.start, at)) for span, at in reached)


def watermark_of(options: Mapping[str, Any], graph: str) -> int | None:
    """The watermark in epoch ms that a graph's applier will find."""
    with closing(Prober(consumer_group(NEWS_GRAPH, graph), INPUT_TOPICS, options)) as prober:
        found = prober.probe({})
    read = {at.topic for at in found if at.committed is not None}
    return watermark([at for at in found if at.topic in read])


def all_within(options: Mapping[str, Any], plan: ReplayPlan) -> bool:
    """Whether the topics begin within the plan's range and hold nothing that is later, by the records' times."""
    with consumer(options) as reader:
        parts = [part for topic in plan.topics for part in partitions(reader, topic)]
        begins = reader.beginning_offsets(parts)
        first = reader.offsets_for_times(dict.fromkeys(parts, max(0, plan.from_ms)))
        later = reader.offsets_for_times(dict.fromkeys(parts, plan.to_ms))
    return not any(later.values()) and all(at.offset == begins[part] for part, at in first.items() if at)


def _committed(admin: KafkaAdminClient, group: str) -> dict[TopicPartition, int]:
    try:
        found = admin.list_group_offsets(group)[group]
    except (GroupIdNotFoundError, CoordinatorNotAvailableError):  # The latter in a cluster without groups.
        return {}
    return {part: at.offset for part, at in found.items() if at.offset >= 0}
