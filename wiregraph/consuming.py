"""Reading topics up to the end that they have now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from wiregraph.errors import Failure
from wiregraph.topics_admin import partitions

POLL_MS = 500
STALL_POLLS_MAX = 40
"""So many polls in a row without a record, 20 s, mean that Kafka does not answer."""


def read_to_end(
    reader: KafkaConsumer,
    topic: str,
    begins: Mapping[TopicPartition, int] | None = None,
    enough: Callable[[int], bool] = lambda _partition: False,
) -> Iterator[ConsumerRecord]:
    """A topic's records up to the end that it has now, from the offsets in `begins`, by default from the first.

    A partition of which there is `enough` is read no further. Raises Failure where Kafka stops answering.
    """
    parts = partitions(reader, topic)
    ends = reader.end_offsets(parts)
    reader.assign(parts)
    reader.seek_to_beginning(*parts)
    for part, begin in (begins or {}).items():
        reader.seek(part, begin)
    silent = 0
    while left := [part for part in parts if reader.position(part) < ends[part] and not enough(part.partition)]:
        reader.pause(*(part for part in parts if part not in left))
        batches = reader.poll(POLL_MS)
        silent = 0 if batches else silent + 1
        if silent > STALL_POLLS_MAX:
            raise Failure(f"Kafka stopped sending the topic {topic}: see `wiregraph stack status`")
        for part, records in batches.items():
            yield from (record for record in records if record.offset < ends[part])
