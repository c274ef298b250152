"""A changelog as the news job would write it; runs in the benchmark's own environment.

python -m benchmarks.read_feed live BOOTSTRAP ROWS_PER_S    until it is ended
python -m benchmarks.read_feed edges BOOTSTRAP TOPIC COUNT   edge rows as fast as Kafka takes them

With `live` event time runs as the clock does, and a record of the topic `news` a second and the commit that the job
would make of it move the watermark.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition  # type: ignore[import-not-found,unused-ignore] # not in the run-time environment

from benchmarks.read_graph import DAY_MS, END_MS, zipf_weights
from benchmarks.read_names import ENTITIES
from benchmarks.read_rows import Articles, record
from udfs.changelog import Row
from udfs.topics import GRAPH, NEWS, NEWS_GRAPH, consumer_group

TICK_S, LINGER_MS = 0.02, 5
"""As the news job sends: a bundle every 20 ms, with the linger of its sink."""
EDGE_DAYS = 1
EDGE_ARTICLES_PER_MIN = 60


def live(bootstrap: str, rate: float) -> None:
    """At a steady rate, articles' rows side by side as they come; prints what was reached."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    producer, job = _producer(bootstrap, LINGER_MS), _Job(bootstrap)
    articles, sent = _articles(), 0
    waiting: Iterator[Row] = iter(())
    begun_s = time.monotonic()
    while not over.wait(TICK_S):
        elapsed_s = time.monotonic() - begun_s
        event_ms = END_MS + int(1_000 * elapsed_s)
        while sent < rate * elapsed_s:
            row = next(waiting, None)
            if row is None:
                waiting = articles.rows(event_ms)
                continue
            _send(producer, GRAPH, row)
            sent += 1
        job.commit(producer, event_ms, elapsed_s)
    producer.flush()
    print(json.dumps({"rows": sent, "seconds": time.monotonic() - begun_s}))


class _Job:
    """What the news job's input and its commits look like from the applier's side."""

    def __init__(self, bootstrap: str) -> None:
        config = {"bootstrap.servers": bootstrap, "group.id": consumer_group(NEWS_GRAPH), "enable.auto.commit": False}
        self._group = Consumer(config)
        self._offset = 0

    def commit(self, producer: Any, event_ms: int, elapsed_s: float) -> None:  # noqa: ANN401 - the client is untyped
        """Once a second, one more record is there and read."""
        if elapsed_s > self._offset:
            producer.produce(NEWS, b"{}", b"bench", partition=0, timestamp=event_ms)
            self._offset += 1
            self._group.commit(offsets=[TopicPartition(NEWS, 0, self._offset)], asynchronous=True)


def edges(bootstrap: str, topic: str, count: int) -> None:
    """Edges of articles over a day of event time."""
    producer = _producer(bootstrap, linger_ms=20)
    for row in islice(_edge_rows(), count):
        _send(producer, topic, row)
    producer.flush()


def _edge_rows() -> Iterator[Row]:
    articles = _articles()
    step_ms = 60_000 // EDGE_ARTICLES_PER_MIN
    at_ms = END_MS
    while True:
        yield from articles.edges(articles.facts(at_ms))
        at_ms = END_MS + (at_ms + step_ms - END_MS) % (EDGE_DAYS * DAY_MS)


def _articles() -> Articles:
    return Articles(zipf_weights(ENTITIES).cumsum().tolist())


def _producer(bootstrap: str, linger_ms: int) -> Any:  # noqa: ANN401 - as above
    limits = {"queue.buffering.max.messages": 1_000_000, "acks": "all"}
    return Producer({"bootstrap.servers": bootstrap, "linger.ms": linger_ms, **limits})


def _send(producer: Any, topic: str, row: Row) -> None:  # noqa: ANN401 - as above
    key, value = record(row)
    while True:
        try:
            producer.produce(topic, value, key)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def main() -> None:
    """One of the two commands."""
    command, bootstrap, *rest = sys.argv[1:]
    if command == "live":
        live(bootstrap, float(rest[0]))
    else:
        edges(bootstrap, rest[0], int(rest[1]))


if __name__ == "__main__":
    main()
