"""Kafka without a network: partitions as lists, and as much of kafka-python's clients as serving calls."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Protocol

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaTimeoutError, OffsetOutOfRangeError

UNKNOWN_TOPIC = 3


@dataclass(slots=True)
class Record:
    """A record at its offset; `content` is what the twin knows it to say, `gone` that it was compacted away."""

    key: bytes
    value: bytes | None
    content: object = None
    timestamp: int = 0
    topic: str = ""
    partition: int = -1
    offset: int = -1
    gone: bool = False


@dataclass
class Topic:
    """`topic_id` changes where one is created anew."""

    name: str
    topic_id: str
    partitions: list[list[Record]]

    @classmethod
    def make(cls, name: str, partitions: int, generation: int = 0) -> Topic:
        return cls(name, f"{name}-{generation}", [[] for _ in range(partitions)])

    def partition_of(self, key: bytes) -> int:
        return zlib.crc32(key) % len(self.partitions)

    def append(self, record: Record, partition: int | None = None) -> Record:
        partition = self.partition_of(record.key) if partition is None else partition
        log = self.partitions[partition]
        record.topic, record.partition, record.offset = self.name, partition, len(log)
        log.append(record)
        return record

    def records(self) -> Iterable[Record]:
        return (record for log in self.partitions for record in log)

    def ends(self) -> dict[int, int]:
        return {number: len(log) for number, log in enumerate(self.partitions)}


@dataclass
class Broker:
    """All topics, and what groups have committed."""

    topics: dict[str, Topic] = field(default_factory=dict)
    groups: dict[str, dict[TopicPartition, int]] = field(default_factory=dict)

    def log(self, tp: TopicPartition) -> list[Record]:
        return self.topics[tp.topic].partitions[tp.partition]


class Cluster(Protocol):
    """What the clients need of the world."""

    broker: Broker
    chance: random.Random
    fetch_max: int

    def call(self, name: str) -> bool:
        """A client's call: time passes, others act; whether the broker answers."""

    def pass_time(self, milliseconds: int) -> None:
        """Of the simulated clocks."""

    def given(self, tp: TopicPartition, offsets: Sequence[int]) -> None:
        """The applier was given these."""

    def probed(self, group: str) -> None:
        """The applier has asked for a group's offsets."""


class _Client:
    def __init__(self, **arguments: object) -> None:
        cluster: Cluster = arguments["world"]  # type: ignore[assignment]  # the simulation's own argument
        self._cluster = cluster
        self._call("connect")

    def _call(self, name: str) -> None:
        if not self._cluster.call(name):
            raise KafkaTimeoutError(name)

    def close(self, **_: object) -> None:
        """A client that is gone holds nothing."""


class SimulatedConsumer(_Client):
    """`KafkaConsumer` without a group: a poll brings any prefix of what each partition still has."""

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        self._positions = {tp: self._positions.get(tp, 0) for tp in partitions}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._positions[tp] = offset

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        self._call("beginning_offsets")
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        self._call("end_offsets")
        return {tp: len(self._cluster.broker.log(tp)) for tp in partitions}

    def highwater(self, tp: TopicPartition) -> int:
        return len(self._cluster.broker.log(tp))

    def poll(self, timeout_ms: int = 0, max_records: int = 1) -> dict[TopicPartition, list[Record]]:
        cluster = self._cluster
        polled: dict[TopicPartition, list[Record]] = {}
        if not cluster.call("poll"):
            cluster.pass_time(timeout_ms)
            return polled
        waiting = [tp for tp in self._positions if tp not in self._paused]
        cluster.chance.shuffle(waiting)
        for tp in waiting:
            records = self._fetch(tp, min(max_records, cluster.chance.randint(0, cluster.fetch_max)))
            if records:
                polled[tp] = records
                max_records -= len(records)
                cluster.given(tp, [one.offset for one in records])
        if not polled:
            cluster.pass_time(timeout_ms)
        return polled

    def _fetch(self, tp: TopicPartition, count: int) -> list[Record]:
        log, at = self._cluster.broker.log(tp), self._positions[tp]
        if at > len(log):
            raise OffsetOutOfRangeError({tp: at})
        found: list[Record] = []
        while at < len(log) and len(found) < count:
            if not log[at].gone:
                found.append(log[at])
            at += 1
        if found:
            self._positions[tp] = found[-1].offset + 1
        return found


class SimulatedAdmin(_Client):
    """`KafkaAdminClient`."""

    def describe_topics(self, names: Sequence[str]) -> list[dict[str, object]]:
        self._call("describe_topics")
        return [self._described(name) for name in names]

    def _described(self, name: str) -> dict[str, object]:
        topic = self._cluster.broker.topics.get(name)
        if topic is None:
            return {"name": name, "error_code": UNKNOWN_TOPIC, "partitions": []}
        return {
            "name": name,
            "error_code": 0,
            "topic_id": topic.topic_id,
            "partitions": [*range(len(topic.partitions))],
        }

    def list_group_offsets(self, group: str) -> Mapping[str, Mapping[TopicPartition, SimpleNamespace]]:
        self._call("list_group_offsets")
        self._cluster.probed(group)
        offsets = self._cluster.broker.groups.get(group, {})
        return {group: {tp: SimpleNamespace(offset=offset) for tp, offset in offsets.items()}}

    def list_partition_offsets(
        self, specs: Mapping[TopicPartition, OffsetSpec]
    ) -> dict[TopicPartition, SimpleNamespace]:
        self._call("list_partition_offsets")
        assert set(specs.values()) == {OffsetSpec.MAX_TIMESTAMP}
        highest = {tp: max(self._cluster.broker.log(tp), key=lambda one: one.timestamp) for tp in specs}
        return {tp: SimpleNamespace(offset=one.offset, timestamp=one.timestamp) for tp, one in highest.items()}


def compact(topic: Topic, closed: Mapping[int, int], is_covered: Callable[[Record, Record], bool]) -> int:
    """Takes records of closed segments away that have a later one of their key there, which covers them."""
    taken = 0
    for partition, log in enumerate(topic.partitions):
        last: dict[bytes, Record] = {}
        for record in reversed(log[: closed.get(partition, 0)]):
            later = last.setdefault(record.key, record)
            if later is not record and not record.gone and is_covered(record, later):
                record.gone = True
                taken += 1
    return taken
