"""Topics of a cluster: create the missing ones, count what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import CoordinatorNotAvailableError, KafkaError

from udfs.topics import TopicSpec
from wiregraph.errors import Failure

READY_TIMEOUT_MS = 20_000


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How many records a topic holds: for a compacted one an upper bound, the span of its offsets."""

    name: str
    partitions: int
    records: int


def create_missing(options: Mapping[str, Any], specs: Iterable[TopicSpec]) -> list[str]:
    """Create the topics that the cluster lacks and wait for them; gives their names."""
    with admin_client(options) as admin:
        present = set(admin.list_topics())
        missing = {spec.name: _creation(spec) for spec in specs if spec.name not in present}
        if missing:
            admin.create_topics(missing, timeout_ms=READY_TIMEOUT_MS)
            admin.wait_for_topics(list(missing), timeout_ms=READY_TIMEOUT_MS)
        return list(missing)


def delete_topics(options: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Delete those of the topics that the cluster has; gives their names."""
    with admin_client(options) as admin:
        present = set(admin.list_topics())
        gone = [name for name in names if name in present]
        if gone:
            admin.delete_topics(gone, timeout_ms=READY_TIMEOUT_MS)
        return gone


def forget_groups(options: Mapping[str, Any], groups: Iterable[str]) -> None:
    """Take away what groups have committed; those that never did are none."""
    with admin_client(options) as admin, suppress(CoordinatorNotAvailableError):  # A cluster without groups.
        admin.delete_groups(list(groups))


def _creation(spec: TopicSpec) -> dict[str, Any]:
    return {"num_partitions": spec.partitions, "replication_factor": -1, "configs": spec.config()}


@contextmanager
def admin_client(options: Mapping[str, Any]) -> Iterator[KafkaAdminClient]:
    """A client for what is no record; what Kafka refuses becomes a Failure."""
    try:
        admin = KafkaAdminClient(**options)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise Failure(f"Kafka at {options['bootstrap_servers']} refuses: {error or type(error).__name__}") from error


def record_counts(options: Mapping[str, Any], names: Iterable[str] | None = None) -> list[TopicCount]:
    """How much each topic holds, by name; `names` None means all but Kafka's own."""
    with consumer(options) as reader:
        wanted = sorted(name for name in reader.topics() if not name.startswith("__"))
        chosen = wanted if names is None else [name for name in names if name in wanted]
        parts = {name: partitions(reader, name) for name in chosen}
        flat = [part for group in parts.values() for part in group]
        first, end = reader.beginning_offsets(flat), reader.end_offsets(flat)
        return [
            TopicCount(name, len(group), sum(end[part] - first[part] for part in group))
            for name, group in parts.items()
        ]


def highest_timestamps(options: Mapping[str, Any], parts: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset of the record with the highest timestamp of each partition that holds any."""
    with admin_client(options) as admin:
        found = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.MAX_TIMESTAMP))
        return {part: one.offset for part, one in found.items() if one.offset >= 0}


def partitions(reader: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic in order; raises Failure where there is no such topic."""
    found = reader.partitions_for_topic(topic)
    if not found:
        raise Failure(f"topic {topic} is missing: `wiregraph stack up` creates it")
    return [TopicPartition(topic, number) for number in sorted(found)]


@contextmanager
def consumer(options: Mapping[str, Any]) -> Iterator[KafkaConsumer]:
    """A consumer without a group that commits nothing; what Kafka refuses becomes a Failure."""
    try:
        reader = KafkaConsumer(**options, enable_auto_commit=False, group_id=None, auto_offset_reset="earliest")
        try:
            yield reader
        finally:
            reader.close()
    except KafkaError as error:
        raise Failure(f"Kafka at {options['bootstrap_servers']} refuses: {error or type(error).__name__}") from error
