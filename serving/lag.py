"""How many records a graph's store is behind, as Kafka has it: of the changelog and of the topics beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from serving.progress import Progress
from serving.store import LIVE
from udfs.topics import graph_topic

UNKNOWN = -1
FRESH_S = 1.0
UNKNOWN_FRESH_S = 5.0
"""While Kafka is away a question costs up to two seconds."""
TIMEOUT_MS = 2_000


class LagMeter:
    """Safe for any number of threads; asks Kafka at most once a second for each graph, less often while it is away."""

    def __init__(self, kafka: Mapping[str, object]) -> None:
        self._kafka = {"bootstrap_timeout_ms": TIMEOUT_MS, "request_timeout_ms": TIMEOUT_MS, **kafka}
        self._consumer: KafkaConsumer | None = None
        self._lock = threading.Lock()
        self._ends: dict[str, tuple[float, int]] = {}

    def lag(self, graph: str, progress: Progress) -> int:
        """Records after those that are applied; -1 while Kafka does not answer."""
        with self._lock:
            asked_at, end = self._ends.get(graph, (-UNKNOWN_FRESH_S, UNKNOWN))
            if time.monotonic() - asked_at > (UNKNOWN_FRESH_S if end == UNKNOWN else FRESH_S):
                end = self._ask([graph_topic("" if graph == LIVE else graph), *progress.side])
                self._ends[graph] = (time.monotonic(), end)
        return UNKNOWN if end == UNKNOWN else max(0, end - progress.applied)

    def _ask(self, topics: list[str]) -> int:
        try:
            if self._consumer is None:
                self._consumer = KafkaConsumer(**self._kafka, group_id=None, allow_auto_create_topics=False)
            # A topic that is not there has nothing that could be missing.
            parts = [
                TopicPartition(topic, number)
                for topic in topics
                for number in self._consumer.partitions_for_topic(topic) or ()
            ]
            return sum(self._consumer.end_offsets(parts).values()) if parts else 0
        except KafkaError:
            return UNKNOWN

    def close(self) -> None:
        """Closes the connection."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False)
