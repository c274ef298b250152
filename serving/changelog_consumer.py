"""Reads a graph's changelog and the topics beside it from Kafka: from given offsets, without a group."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import OffsetOutOfRangeError

from serving.apply import Poll, Record
from serving.prober import Prober, offsets
from serving.progress import Progress
from serving.side import SideRecord, SideTopic, read_side, side_topics
from udfs.topics import graph_topic

FETCH_BYTES_LEAST, FETCH_BYTES_MAX = 64 * 1024, 8 * 1024 * 1024
FETCH_WAIT_MS = 20
"""So long the broker waits for a fuller answer: a fetch for each few records costs more than they do."""
GATHER_MS = 5
"""What comes within this time of the first records is one batch with them, such as that of other partitions. What comes
later is not waited for: the fuller a batch, the longer its readers stand still when they see it."""


class ChangelogMissingError(Exception):
    """The topic does not exist (yet)."""


class ChangelogReplacedError(Exception):
    """The topic is not the one that the store was built from, or does not hold its offsets."""


@dataclass(frozen=True, slots=True)
class Changelog:
    """A topic as it is now: its unique id and the number of its partitions."""

    topic: str
    topic_id: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Topics:
    """The changelog, and those of the topics beside it that exist."""

    changelog: Changelog
    side: tuple[Changelog, ...] = ()

    @property
    def all(self) -> tuple[Changelog, ...]:
        """The changelog first."""
        return (self.changelog, *self.side)


@dataclass(frozen=True, slots=True)
class Ends:
    """The offsets after the last records: of the changelog, and of the other topics by name."""

    changelog: Mapping[int, int]
    side: Mapping[str, Mapping[int, int]]


def describe(admin: KafkaAdminClient, graph: str) -> Topics:
    """What a graph's store has to follow now; raises `ChangelogMissingError` without a changelog."""
    names = [graph_topic(graph), *side_topics(graph)]
    found = [
        Changelog(one["name"], str(one.get("topic_id", "")), len(one["partitions"]))
        for one in admin.describe_topics(names)
        if not one.get("error_code") and one.get("partitions")
    ]
    by_name = {one.topic: one for one in found}
    if names[0] not in by_name:
        raise ChangelogMissingError(f"there is no topic {names[0]!r} yet")
    return Topics(by_name[names[0]], tuple(by_name[name] for name in names[1:] if name in by_name))


class ChangelogConsumer:
    """Not for more than one thread."""

    def __init__(self, topics: Topics, kinds: Mapping[str, SideTopic], kafka: Mapping[str, object]) -> None:
        self._graph = topics.changelog.topic
        self._kinds = kinds
        self._partitions = [TopicPartition(one.topic, number) for one in topics.all for number in range(one.partitions)]
        self._offsets: dict[TopicPartition, int] = {}
        self._consumer = KafkaConsumer(
            **kafka,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_min_bytes=FETCH_BYTES_LEAST,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            allow_auto_create_topics=False,
        )
        self._consumer.assign(self._partitions)

    def ends(self, prober: Prober | None = None) -> Ends:
        """As they are now; a prober asks for them where this consumer is another thread's."""
        if prober is not None:
            return self._split(prober.ends(self._partitions))
        return self._split(offsets(self._consumer.end_offsets, self._partitions))

    def seek(self, progress: Progress) -> None:
        """Goes to where a store is; raises `ChangelogReplacedError` if a topic never was there."""
        ends = offsets(self._consumer.end_offsets, self._partitions)
        begins = offsets(self._consumer.beginning_offsets, self._partitions)
        for tp in self._partitions:
            read = progress.offsets if tp.topic == self._graph else progress.side[tp.topic].offsets
            offset = read.get(tp.partition, begins[tp])
            if offset > ends[tp]:
                raise ChangelogReplacedError(f"{tp.topic}/{tp.partition} ends at {ends[tp]}, the store is at {offset}")
            self._offsets[tp] = max(offset, begins[tp])
            self._consumer.seek(tp, self._offsets[tp])

    @property
    def waiting(self) -> int:
        """How many records wait, about, as far as the broker has told."""
        return sum(max(0, (self._consumer.highwater(tp) or 0) - offset) for tp, offset in self._offsets.items())

    def poll(self, timeout_ms: int, records_max: int) -> Poll:
        """What came, at most so many records, with what follows the first of them closely.

        Raises `ChangelogReplacedError` if offsets are gone.
        """
        records: list[Record] = []
        side: list[SideRecord] = []
        until: float | None = None
        while (left := records_max - len(records) - len(side)) > 0 and timeout_ms > 0:
            for tp, batch in self._polled(timeout_ms, left).items():
                self._offsets[tp] = batch[-1].offset + 1
                if tp.topic == self._graph:
                    records += (Record(tp.partition, one.offset, one.key, one.value) for one in batch)
                else:
                    kind = self._kinds[tp.topic]
                    side += (SideRecord(kind, tp.partition, one.offset, one.key, one.value) for one in batch)
            if not records and not side:
                break
            until = until or time.monotonic() + GATHER_MS / 1_000
            timeout_ms = round(1_000 * (until - time.monotonic()))
        read = self._split(self._offsets)
        return Poll(records, read.changelog, read_side(side), read.side, len(records) + len(side))

    def _polled(self, timeout_ms: int, records_max: int) -> Mapping[TopicPartition, Sequence[ConsumerRecord]]:
        try:
            found: Mapping[TopicPartition, Sequence[ConsumerRecord]] = self._consumer.poll(
                timeout_ms=timeout_ms, max_records=records_max
            )
        except OffsetOutOfRangeError as error:
            raise ChangelogReplacedError(str(error)) from error
        return found

    def _split(self, found: Mapping[TopicPartition, int]) -> Ends:
        side: dict[str, dict[int, int]] = {}
        for tp, offset in found.items():
            side.setdefault(tp.topic, {})[tp.partition] = offset
        return Ends(side.pop(self._graph, {}), side)

    def close(self) -> None:
        """Closes the connections."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
