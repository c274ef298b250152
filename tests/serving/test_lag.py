"""How far behind a store is, as a real broker says."""

from uuid import uuid4

import pytest
from kafka import KafkaProducer

from serving.lag import UNKNOWN, LagMeter
from serving.progress import Followed, Progress
from udfs.topics import LABELS, graph_spec, graph_topic
from wiregraph.topics_admin import consumer, create_missing, partitions


@pytest.mark.jvm
def test_all_followed_topics_count_and_a_missing_one_does_not(stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    name = f"t{uuid4().hex[:8]}"
    meter = LagMeter(options)
    assert meter.lag(f"{name}x", Progress("t", {})) == 0  # There is no such changelog.
    create_missing(options, [graph_spec(name)])
    producer = KafkaProducer(**options)
    for _ in range(3):
        producer.send(graph_topic(name), key=b"k", value=b"{}").get(timeout=30)
    producer.close()
    with consumer(options) as reader:
        parts = partitions(reader, LABELS)
        labels = {part.partition: end for part, end in reader.end_offsets(parts).items()}
    behind = Followed("t", {**labels, 0: labels[0]})
    assert meter.lag(name, Progress("t", {0: 1}, side={LABELS: behind})) == 2
    meter.close()


def test_without_kafka_it_is_unknown() -> None:
    meter = LagMeter({"bootstrap_servers": "127.0.0.1:1"})
    assert meter.lag("live", Progress("t", {})) == UNKNOWN
    meter.close()
