"""Reads a graph's changelog from Kafka: all partitions, from given offsets, without a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import OffsetOutOfRangeError

from serving.apply import Poll, Record
from serving.progress import Progress

FETCH_BYTES_MAX = 8 * 1024 * 1024


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


def describe(admin: KafkaAdminClient, topic: str) -> Changelog:
    """Raises `ChangelogMissingError` if there is no such topic."""
    found = admin.describe_topics([topic])
    if not found or found[0].get("error_code") or not found[0].get("partitions"):
        raise ChangelogMissingError(f"there is no topic {topic!r} yet")
    return Changelog(topic, str(found[0].get("topic_id", "")), len(found[0]["partitions"]))


class ChangelogConsumer:
    """Not for more than one thread."""

    def __init__(self, changelog: Changelog, kafka: Mapping[str, object]) -> None:
        self._partitions = [TopicPartition(changelog.topic, number) for number in range(changelog.partitions)]
        self._offsets: dict[int, int] = {}
        self._consumer = KafkaConsumer(
            **kafka,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            allow_auto_create_topics=False,
        )
        self._consumer.assign(self._partitions)

    def end_offsets(self) -> dict[int, int]:
        """The offsets after the last records."""
        return {tp.partition: end for tp, end in self._consumer.end_offsets(self._partitions).items()}

    def seek(self, progress: Progress) -> None:
        """Goes to where a store is; raises `ChangelogReplacedError` if the topic never was there."""
        ends = self._consumer.end_offsets(self._partitions)
        begins = self._consumer.beginning_offsets(self._partitions)
        for tp in self._partitions:
            offset = progress.offsets.get(tp.partition, begins[tp])
            if offset > ends[tp]:
                raise ChangelogReplacedError(f"{tp.topic}/{tp.partition} ends at {ends[tp]}, the store is at {offset}")
            self._offsets[tp.partition] = max(offset, begins[tp])
            self._consumer.seek(tp, self._offsets[tp.partition])

    def poll(self, timeout_ms: int, records_max: int) -> Poll:
        """What came, at most so many records; raises `ChangelogReplacedError` if offsets are gone."""
        try:
            polled = self._consumer.poll(timeout_ms=timeout_ms, max_records=records_max)
        except OffsetOutOfRangeError as error:
            raise ChangelogReplacedError(str(error)) from error
        records = [
            Record(record.partition, record.offset, record.key, record.value)
            for batch in polled.values()
            for record in batch
        ]
        for record in records:
            self._offsets[record.partition] = record.offset + 1
        return Poll(records, dict(self._offsets))

    def close(self) -> None:
        """Closes the connections."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
