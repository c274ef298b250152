"""Clicks for the benchmark, and how far a contender has come with them; runs in the benchmark's own environment.

python -m benchmarks.fraud_stream fill BOOTSTRAP COUNT POSITIONS        clicks as fast as Kafka takes them
python -m benchmarks.fraud_stream observe BOOTSTRAP TOPIC POSITIONS SECONDS    prints the contender's clicks/s
python -m benchmarks.fraud_stream pace BOOTSTRAP RATE WARM_UP_S SECONDS FIRST    prints latencies and rule changes
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition  # type: ignore[import-not-found,unused-ignore] # not in the run-time environment

CLICKS, ALERTS, CONTROL = "clicks", "alerts", "control"
START_MS = 1_700_000_000_000
STEP_MS = 3
"""Event time between two clicks, so that all that a job remembers is seen within a run."""
SESSIONS = 5_000
"""So many visits go on at a time, each begun at another moment."""
VISIT_CLICKS = 100_000
"""A visit is over once so many clicks came in all: 5 minutes of event time, 20 clicks of its own."""
FRAUD_EVERY = 500
DEAR_VIEWS = 7
KINDS = [*["view"] * 88, *["add_to_cart"] * 6, *["coupon_attempt"] * 2, *["checkout"] * 2, *["purchase"] * 2]
DRAWS = 65_537
DEAR, DEAR_SHARE = 250.5, 0.04
WARM_SHARE = 0.4
RULE_CHANGES = 5
LINGER_MS = 5
"""The default of Kafka's own client, part of each latency: with less the broker has no core left for its other work."""
PATIENCE_S = 150
"""For a contender's first output."""
PURCHASES = {"why": "a purchase", "trigger": {"kind": "purchase"}}


class _Draw(NamedTuple):
    """What chance says of a click."""

    place: int
    kind: str
    item: str
    price: float
    coupon: str


def _draws(count: int, seed: int) -> list[_Draw]:
    rng = Random(seed)
    return [
        _Draw(
            place=rng.randrange(SESSIONS),
            kind=rng.choice(KINDS),
            item=f"i{rng.randrange(900)}",
            price=DEAR if rng.random() < DEAR_SHARE else rng.randrange(400, 19_900) / 100,
            coupon=f"SAVE{rng.randrange(100)}",
        )
        for _ in range(count)
    ]


def clicks(first: int, count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Clicks of many sessions at once; the last of each block are a session that hunts for coupons.

    What chance says is drawn beforehand and comes round again, since who sends must not be slower than who is measured.
    """
    draws = _draws(DRAWS, seed)
    for index in range(first, first + count):
        draw = draws[index % DRAWS]
        place = index % FRAUD_EVERY - (FRAUD_EVERY - DEAR_VIEWS - 1)
        fraud = place >= 0
        session = index // FRAUD_EVERY if fraud else _visit(draw.place, index)
        kind = ("coupon_attempt" if place == DEAR_VIEWS else "view") if fraud else draw.kind
        click: dict[str, Any] = {
            "session_id": f"{'hunt' if fraud else 'visit'}-{session:08d}",
            "event_id": f"e{index:010d}",
            "event_time": START_MS + index * STEP_MS,
            "kind": kind,
            "user_id": f"u{session % 3_000}",
        }
        if kind == "view":
            click["item_id"], click["price"] = draw.item, DEAR if fraud else draw.price
        if kind == "coupon_attempt":
            click["coupon"] = draw.coupon
        yield click


def _visit(place: int, index: int) -> int:
    """The visit that goes on in one of the places when so many clicks came."""
    return place + SESSIONS * ((index + place * (VISIT_CLICKS // SESSIONS)) // VISIT_CLICKS)


def fill(bootstrap: str, count: int, positions: Path) -> None:
    """Write clicks, and where the coupon attempts lie: {event id: [partition, offset]}."""
    producer = _producer(bootstrap, linger_ms=20)
    found: dict[str, tuple[int, int]] = {}

    def delivered(event_id: str) -> Any:  # noqa: ANN401 - the client's callback
        return lambda _error, message: found.__setitem__(event_id, (message.partition(), message.offset()))

    for click in clicks(0, count):
        callback = delivered(click["event_id"]) if click["kind"] == "coupon_attempt" else None
        _send(producer, CLICKS, click, callback)
    producer.flush()
    positions.write_text(json.dumps({"count": count, "attempts": found}), "utf-8")


def _producer(bootstrap: str, linger_ms: int) -> Any:  # noqa: ANN401 - the client is untyped
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": linger_ms,
            "queue.buffering.max.messages": 1_000_000,
            "acks": "all",
        }
    )


def _send(producer: Any, topic: str, click: dict[str, Any], callback: Any = None) -> None:  # noqa: ANN401 - as above
    while True:
        try:
            key = click["session_id"].encode()
            producer.produce(topic, orjson.dumps(click), key, timestamp=click["event_time"], on_delivery=callback)
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return


def observe(bootstrap: str, topic: str, positions: Path, seconds: float) -> None:
    """Follow a contender's output, which names attempts, until it is done or its time is over."""
    known = json.loads(positions.read_text("utf-8"))
    attempts: dict[str, list[int]] = known["attempts"]
    consumer = _consumer(bootstrap, topic, from_start=True)
    points: list[tuple[float, int]] = []
    reached: dict[int, int] = {}
    deadline = None
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < (deadline or end_s) and (not points or points[-1][1] < 0.98 * known["count"]):
        for message in consumer.consume(10_000, 0.2):
            place = attempts.get(_attempt_of(message.value()))
            if place is not None:
                deadline = deadline or time.monotonic() + seconds
                reached[place[0]] = max(reached.get(place[0], 0), place[1])
                points.append((message.timestamp()[1] / 1_000, sum(reached.values())))
    consumer.close()
    print(json.dumps({"rate": _rate(points), "share": points[-1][1] / known["count"] if points else 0.0}))


def _attempt_of(value: bytes) -> str:
    if b"coupon_attempt" not in value and b'"event_id"' not in value and b"evidence" not in value:
        return ""
    fields = orjson.loads(value)
    return str(fields["evidence"][-1]) if "evidence" in fields else str(fields.get("event_id", ""))


def _rate(points: list[tuple[float, int]]) -> float:
    """Clicks a second behind the first two fifths, while code gets warm."""
    if not points:
        return 0.0
    warm = [point for point in points if point[1] >= WARM_SHARE * points[-1][1]]
    (start_s, start), (end_s, end) = warm[0], warm[-1]
    return (end - start) / max(1e-9, end_s - start_s)


def _consumer(bootstrap: str, topic: str, *, from_start: bool) -> Any:  # noqa: ANN401 - the client is untyped
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"observe-{topic}",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 5,
        }
    )
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    parts = [TopicPartition(topic, one) for one in partitions]
    for part in parts:
        low, high = consumer.get_watermark_offsets(part)
        part.offset = low if from_start else high
    consumer.assign(parts)
    return consumer


class Watch(threading.Thread):
    """Takes the time at which alerts come: of probes by when they were sent, of rule versions."""

    def __init__(self, bootstrap: str) -> None:
        super().__init__(daemon=True)
        self.latencies_ms: list[float] = []
        self.seen_s: dict[int, float] = {}
        self.over = False
        self._consumer = _consumer(bootstrap, ALERTS, from_start=False)

    def run(self) -> None:
        """Until `over`."""
        while not self.over:
            message = self._consumer.poll(0.05)
            if message is None or message.error():
                continue
            now_s = time.time()
            alert = orjson.loads(message.value())
            coupon = alert["events"][-1]["coupon"] if alert["events"] else ""
            if alert["rule"] == "bench-purchases":
                self.seen_s.setdefault(alert["rule_version"], now_s)
            elif coupon.startswith("T"):
                self.latencies_ms.append(1_000 * (now_s - int(coupon[1:]) / 1e9))


def pace(bootstrap: str, rate: float, warm_up_s: float, seconds: float, first: int) -> None:
    """Send at a steady rate, the clicks' attempts with the time at which they were sent; change a rule at the end.

    What comes in the first `warm_up_s` is not measured, `seconds` come behind it.
    """
    watch = Watch(bootstrap)
    watch.start()
    producer = _producer(bootstrap, LINGER_MS)
    stream = clicks(first, int(rate * (warm_up_s + seconds + 60)))
    begun_s, sent, warm = time.time() + warm_up_s, 0, 0
    put_s: dict[int, float] = {}
    steady = 0
    versions: list[dict[str, Any]] = []
    last_s = pause_s = 0.0
    while (elapsed := time.time() - begun_s) < seconds:
        if elapsed < 0:
            warm = len(watch.latencies_ms)
        else:
            pause_s = max(pause_s, elapsed - last_s)
        last_s = elapsed
        while sent < rate * (warm_up_s + elapsed):
            click = next(stream)
            if click["kind"] == "coupon_attempt":
                click["coupon"] = f"T{time.time_ns()}"
            _send(producer, CLICKS, click)
            sent += 1
        changes = int((elapsed - seconds / 2) / (seconds / 2) * 2 * RULE_CHANGES) if elapsed > seconds / 2 else 0
        if changes > len(versions):
            steady = steady or len(watch.latencies_ms)
            rule = {"name": "bench-purchases", **PURCHASES, "enabled": len(versions) % 2 == 0}
            from_ms = START_MS + (first + sent) * STEP_MS + 500
            versions.append({"version": len(versions) + 1, "effective_from": from_ms, "rule": rule})
            put_s[len(versions)] = time.time()
            value = orjson.dumps({"kind": "rule", "name": rule["name"], "versions": versions})
            producer.produce(CONTROL, value, b"bench-purchases")
        producer.poll(0)
        time.sleep(0.001)
    producer.flush()
    time.sleep(3)
    watch.over = True
    watch.join()
    effects = [1_000 * (watch.seen_s[version] - at) for version, at in put_s.items() if version in watch.seen_s]
    # A rule that comes is decided about all that is remembered, which the clicks of that moment wait for.
    calm, changing = watch.latencies_ms[warm:steady], watch.latencies_ms[steady:]
    found = {"rate": sent / (warm_up_s + seconds), "calm_ms": calm, "changing_ms": changing, "effects_ms": effects}
    print(json.dumps({**found, "pause_ms": 1_000 * pause_s}))


def main() -> None:
    """One of the three commands."""
    command, bootstrap, *rest = sys.argv[1:]
    if command == "fill":
        fill(bootstrap, int(rest[0]), Path(rest[1]))
    elif command == "observe":
        observe(bootstrap, rest[0], Path(rest[1]), float(rest[2]))
    else:
        pace(bootstrap, float(rest[0]), float(rest[1]), float(rest[2]), int(rest[3]))


if __name__ == "__main__":
    main()
