"""What came to a topic since a test began."""

from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord

from wiregraph.topics_admin import consumer, partitions


@dataclass
class Tail:
    """A topic from its end on, as it was when this was made."""

    options: dict[str, Any]
    topic: str

    def __post_init__(self) -> None:
        with consumer(self.options) as reader:
            self.begin = reader.end_offsets(partitions(reader, self.topic))

    def records(self) -> list[ConsumerRecord]:
        """What has come since, by partition and offset."""
        with consumer(self.options) as reader:
            parts = partitions(reader, self.topic)
            ends = reader.end_offsets(parts)
            reader.assign(parts)
            for part in parts:
                reader.seek(part, self.begin[part])
            return sorted(self._read(reader, ends), key=lambda record: (record.partition, record.offset))

    def _read(self, reader: KafkaConsumer, ends: dict[Any, int]) -> list[ConsumerRecord]:
        found: list[ConsumerRecord] = []
        while any(reader.position(part) < end for part, end in ends.items()):
            found += [record for batch in reader.poll(200).values() for record in batch]
        return found
