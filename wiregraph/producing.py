"""Writing to Kafka: acknowledged by all replicas, once each, with bounded memory."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from wiregraph.errors import Failure

BATCH_BYTES = 128 * 1024
LINGER_MS = 20
REQUEST_BYTES_MAX = 16 * 1024 * 1024
WAITING_BYTES_MAX = 64 * 1024 * 1024
"""What may wait for an acknowledgement; kafka-python itself knows no bound."""

BOOTSTRAP_TIMEOUT_MS = 10_000
METADATA_TIMEOUT_MS = 5_000
REQUEST_TIMEOUT_MS = 15_000
DELIVERY_TIMEOUT_MS = 60_000
RECONNECT_MS_MAX = 1_000
"""A broker that comes back is found again soon; by default a client comes to wait for half a minute."""

POLL_S = 0.005

# In Python the checksum of a batch costs more than packing it first (8 MB/s against 50 MB/s), and
# gzip is the one codec that needs no further package.
COMPRESSION = "gzip"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record for Kafka; `timestamp_ms` is the event time, epoch milliseconds."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


class Sender:
    """Counts what was sent and what Kafka has acknowledged; not for more than one thread."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer
        self._sent_bytes = 0
        self._acknowledged_bytes = 0
        self._error: Exception | None = None
        self.acknowledged = 0

    def send(self, record: Outgoing) -> bool:
        """Hand a record over, waiting where too much waits; False where it is too large for Kafka.

        Raises Failure once a record has not been delivered.
        """
        size = len(record.key or b"") + len(record.value or b"")
        self._make_room(size)
        try:
            future = self._producer.send(
                record.topic, key=record.key, value=record.value, timestamp_ms=record.timestamp_ms
            )
        except MessageSizeTooLargeError:
            return False
        except (KafkaError, ValueError) as error:
            raise self._failure(error) from error
        self._sent_bytes += size
        future.add_callback(self._on_acknowledged, size)
        future.add_errback(self._on_error)
        return True

    def flush(self) -> None:
        """Wait until Kafka has acknowledged everything; raises Failure where it does not."""
        try:
            self._producer.flush(timeout=DELIVERY_TIMEOUT_MS / 1_000)
        except KafkaTimeoutError:
            silence = f"no answer for {DELIVERY_TIMEOUT_MS // 1_000} s, see `wiregraph stack status`"
            raise self._failure(silence) from None
        self._raise_error()

    def _make_room(self, size: int) -> None:
        while self._sent_bytes - self._acknowledged_bytes + size > max(WAITING_BYTES_MAX, size):
            self._raise_error()
            time.sleep(POLL_S)
        self._raise_error()

    def _on_acknowledged(self, size: int, _metadata: object) -> None:
        self.acknowledged += 1
        self._acknowledged_bytes += size

    def _on_error(self, error: Exception) -> None:
        self._error = self._error or error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._failure(self._error)

    def _failure(self, why: object) -> Failure:
        then = f"then: {why or type(why).__name__}: repeats count once, so send the same again"
        return Failure(f"Kafka acknowledged {self.acknowledged:,} records, {then}")


@contextmanager
def open_sender(options: Mapping[str, Any], topic: str) -> Iterator[Sender]:
    """A sender for a topic that exists; raises Failure where Kafka cannot be reached or the topic is missing."""
    producer = _producer(options)
    try:
        producer.partitions_for(topic)
        yield Sender(producer)
    except KafkaTimeoutError as error:
        raise Failure(f"the topic {topic} is missing, `wiregraph stack up` creates it; or Kafka is silent") from error
    finally:
        _close(producer)


def _close(producer: KafkaProducer) -> None:
    """Let go of the connections; whether everything arrived has been said before."""
    with suppress(KafkaError):
        producer.close(timeout=1)


def _producer(options: Mapping[str, Any]) -> KafkaProducer:
    try:
        return KafkaProducer(
            **options,
            acks="all",
            enable_idempotence=True,
            compression_type=COMPRESSION,
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES_MAX,
            max_block_ms=METADATA_TIMEOUT_MS,
            bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
            reconnect_backoff_max_ms=RECONNECT_MS_MAX,
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        address = options["bootstrap_servers"]
        raise Failure(f"Kafka at {address} cannot be reached: {error or type(error).__name__}") from error
