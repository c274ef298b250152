"""Asks Kafka how far the job's checkpoints are: the inputs of the watermark."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import CoordinatorNotAvailableError, GroupIdNotFoundError, UnknownTopicOrPartitionError

from serving.progress import InputPartition, later

READ_TIMEOUT_S = 2.0


class Prober:
    """Not for more than one thread. `kafka` are arguments of kafka-python's clients."""

    def __init__(self, group: str, topics: Sequence[str], kafka: Mapping[str, object]) -> None:
        self._group = group
        self._topics = topics
        self._admin = KafkaAdminClient(**kafka)
        self._consumer = KafkaConsumer(
            **kafka,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=1,
            allow_auto_create_topics=False,
        )
        self._read: dict[TopicPartition, int] = {}

    @property
    def admin(self) -> KafkaAdminClient:
        """For other questions to the same cluster."""
        return self._admin

    def probe(self, latest: Mapping[str, int]) -> list[InputPartition]:
        """The input partitions now; `latest` has the highest record timestamps seen so far.

        The committed offsets are read first: a caller who then reads the changelog's end offsets
        has all their rows before these.
        """
        committed = self._committed()
        partitions = self._partitions()
        begins = offsets(self._consumer.beginning_offsets, partitions)
        ends = self.ends(partitions)
        read = {tp: at for tp, at in committed.items() if tp in begins and at > begins[tp]}
        moved = {tp: at for tp, at in read.items() if self._read.get(tp) != at}
        last, highest = self._timestamps(moved), self._highest(moved)
        return [
            InputPartition(
                tp.topic,
                tp.partition,
                committed.get(tp),
                begins[tp],
                ends[tp],
                later(latest.get(source_key(tp.topic, tp.partition)), later(last.get(tp), highest.get(tp))),
            )
            for tp in partitions
        ]

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offsets after the last records of any partitions."""
        return offsets(self._consumer.end_offsets, partitions)

    def _committed(self) -> dict[TopicPartition, int]:
        try:
            offsets = self._admin.list_group_offsets(self._group)[self._group]
        except (GroupIdNotFoundError, CoordinatorNotAvailableError):  # The latter in a cluster without groups.
            return {}
        return {tp: found.offset for tp, found in offsets.items() if found.offset >= 0}

    def _partitions(self) -> list[TopicPartition]:
        found = self._admin.describe_topics(list(self._topics))
        return [
            TopicPartition(topic["name"], number)
            for topic in found
            if not topic.get("error_code")
            for number in range(len(topic["partitions"]))
        ]

    def _highest(self, committed: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The highest timestamps where they lie before the committed offsets: the last record's may be a wrong one."""
        if not committed:
            return {}
        found = self._admin.list_partition_offsets(dict.fromkeys(committed, OffsetSpec.MAX_TIMESTAMP))
        return {tp: one.timestamp for tp, one in found.items() if 0 <= one.offset < committed[tp]}

    def _timestamps(self, moved: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The timestamps of the records before these offsets."""
        waiting = set(moved)
        seen: dict[TopicPartition, int] = {}
        self._consumer.assign(list(moved))
        self._consumer.resume(*moved)  # A partition that stays assigned stays paused, too.
        for tp, at in moved.items():
            self._consumer.seek(tp, at - 1)
        deadline = time.monotonic() + READ_TIMEOUT_S
        while waiting and time.monotonic() < deadline:
            for record in chain.from_iterable(self._consumer.poll(timeout_ms=100).values()):
                tp = TopicPartition(record.topic, record.partition)
                if tp in waiting and record.offset < moved[tp]:
                    seen[tp] = record.timestamp
                    self._read[tp] = moved[tp]
                waiting.discard(tp)
                self._consumer.pause(tp)
        return seen

    def close(self) -> None:
        """Closes the connections."""
        self._consumer.close(autocommit=False)
        self._admin.close()


def offsets(
    ask: Callable[[Sequence[TopicPartition]], dict[TopicPartition, int]], partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    """What a consumer says of partitions; raises `KafkaError`."""
    try:
        return ask(partitions) if partitions else {}
    except KeyError as error:  # So kafka-python says that a topic has just been deleted.
        raise UnknownTopicOrPartitionError(str(error)) from error


def source_key(topic: str, partition: int) -> str:
    """How progress names an input partition."""
    return f"{topic}/{partition}"
