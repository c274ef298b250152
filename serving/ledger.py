"""What people decide is kept in Kafka, not in the store: a record counts once all replicas have it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from kafka import KafkaProducer
from kafka.errors import KafkaError

from serving.calls import KafkaAwayError

BLOCK_MS = 2_000
DELIVERY_TIMEOUT_MS = 10_000
REQUEST_TIMEOUT_MS = 5_000
RECONNECT_MS_MAX = 1_000
"""A broker that comes back is found again soon."""
AWAY = "Kafka does not say that it has it: send the same again, it will not count twice"


class Ledger:
    """Safe for any number of threads; connects when first asked to. `kafka` are arguments of kafka-python's clients.

    A record that Kafka could not confirm in time may be there all the same. That is why every record has a
    key under which a repeat takes its place, and why the producer needs no idempotence of its own.
    """

    def __init__(self, kafka: Mapping[str, object]) -> None:
        self._kafka = kafka
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None

    def keep(self, topic: str, key: bytes, value: bytes, timeout_s: float) -> None:
        """Returns once Kafka has the record; raises `KafkaAwayError` where it does not say so in time."""
        deadline = time.monotonic() + timeout_s
        try:
            sent = self._connected(timeout_s).send(topic, key=key, value=value)
            sent.get(timeout=max(0.0, deadline - time.monotonic()))
        except KafkaError as error:
            raise KafkaAwayError(AWAY) from error

    def _connected(self, timeout_s: float) -> KafkaProducer:
        if not self._lock.acquire(timeout=max(0.0, timeout_s)):
            raise KafkaAwayError(AWAY)
        try:
            if self._producer is None:
                self._producer = KafkaProducer(
                    **self._kafka,
                    acks="all",
                    enable_idempotence=False,
                    max_block_ms=BLOCK_MS,
                    bootstrap_timeout_ms=min(BLOCK_MS, max(1, int(timeout_s * 1_000))),
                    delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
                    request_timeout_ms=REQUEST_TIMEOUT_MS,
                    reconnect_backoff_max_ms=RECONNECT_MS_MAX,
                    allow_auto_create_topics=False,
                )
            return self._producer
        finally:
            self._lock.release()

    def close(self) -> None:
        """Closes the connection; what was confirmed is kept."""
        with self._lock:
            if self._producer is not None:
                self._producer.close(timeout=1)
                self._producer = None
