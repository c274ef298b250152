"""The topic `control` read to its end, before a job starts: its first record meets the rules of its time."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from jobs.settings import JobSettings
from udfs.kafka_properties import python_options, read_properties
from udfs.topics import CONTROL

POLL_MS = 500


def read_rules(settings: JobSettings) -> list[bytes]:
    """The values of `control` from the first to its present end, in order; none where there is no such topic.

    Raises kafka-python's `KafkaError` where Kafka cannot be reached.
    """
    options = python_options(read_properties(settings.kafka_config))
    consumer = KafkaConsumer(bootstrap_servers=settings.bootstrap, enable_auto_commit=False, **options)
    try:
        partitions = [TopicPartition(CONTROL, one) for one in consumer.partitions_for_topic(CONTROL) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        values = []
        while any(consumer.position(one) < end for one, end in ends.items()):
            for records in consumer.poll(timeout_ms=POLL_MS).values():
                values += [record.value for record in records if record.value is not None]
        return values
    finally:
        consumer.close()
