"""How far a job is, by what its group has committed, on a real broker."""

from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from serving.prober import Prober
from serving.progress import InputPartition
from udfs.topics import TopicSpec
from wiregraph.topics_admin import admin_client, create_missing

pytestmark = pytest.mark.jvm

TIMES_MS = (1_000, 9_000, 5_000, 0)
"""Of the records of a partition; the last one is one of those that nobody can read."""


def latest(options: dict[str, Any], topic: str, committed: int) -> InputPartition:
    group = uuid4().hex
    with admin_client(options) as admin:
        admin.alter_group_offsets(group, {TopicPartition(topic, 0): OffsetAndMetadata(committed, "", -1)})
    with closing(Prober(group, (topic,), options)) as prober:
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
