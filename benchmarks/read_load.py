"""Asks a server as fast as it answers, or at a steady rate; one process, so that it can have a core of its own.

python -m benchmarks.read_load LOAD    a `benchmarks.read_requests.Load` as JSON; what it finds is printed as JSON
"""

from __future__ import annotations

import json
import math
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any

from benchmarks.read_requests import Load, connect, requests
from benchmarks.read_wire import Answer
from wiregraph.v1 import graph_pb2 as pb

TICK_S = 0.0005
"""Answers that come so shortly before the next call is due are looked at then: to wake up once more would take the
core from those who write. They count as late as they are looked at."""

Ready = Iterator[Any]
Connections = list[Any]
"""All of one kind; each takes the requests that were made for it."""


@dataclass(slots=True)
class Found:
    """What a load has seen behind its warm-up; `ages_ms` is now less the `applied_at` of answers.

    The latency of a call that failed is infinite. `cpu_share` is what the client itself took of its core.
    """

    calls: int = 0
    errors: int = 0
    seconds: float = 0.0
    answer_bytes: int = 0
    cpu_share: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    ages_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls a second that were answered well."""
        return (self.calls - self.errors) / self.seconds


def run(load: Load) -> Found:
    """Closed loop without a rate, else open: a latency counts from when the call was meant to be sent."""
    ready = cycle(requests(load))
    connections = [connect(load) for _ in range(load.connections)]
    try:
        return _open(load, ready, connections) if load.rate else _closed(load, ready, connections)
    finally:
        for connection in connections:
            connection.close()


def _closed(load: Load, ready: Ready, connections: Connections) -> Found:
    """Each of connections x streams asks again once it has its answer."""
    found = Found()
    for connection in connections:
        for _ in range(load.streams):
            connection.call(next(ready))
        connection.flush()
    _closed_until(time.perf_counter() + load.warm_s, ready, connections, Found())
    begun_s, cpu_s = time.perf_counter(), time.process_time()
    _closed_until(begun_s + load.seconds, ready, connections, found)
    found.seconds = time.perf_counter() - begun_s
    found.cpu_share = (time.process_time() - cpu_s) / found.seconds
    return found


def _closed_until(end_s: float, ready: Ready, connections: Connections, found: Found) -> None:
    while time.perf_counter() < end_s:
        for connection in select.select(connections, (), (), 1.0)[0]:
            for answer in connection.receive():
                _count(found, answer)
                connection.call(next(ready))
            connection.flush()


def _count(found: Found, answer: Answer) -> None:
    found.calls += 1
    found.errors += not answer.ok
    found.answer_bytes += len(answer.message)


def _open(load: Load, ready: Ready, connections: Connections) -> Found:
    """Calls at even distances, whether or not those before are answered."""
    found, warm = Found(seconds=load.seconds), Found()
    meant_s: dict[tuple[Any, int], float] = {}
    turns = cycle(connections)
    due_s = time.perf_counter()
    measured_s = due_s + load.warm_s
    end_s = measured_s + load.seconds
    while meant_s or due_s < end_s:
        while due_s <= time.perf_counter() and due_s < end_s:
            connection = next(turns)
            meant_s[connection, connection.call(next(ready))] = due_s
            connection.flush()
            due_s += 1 / load.rate
        wait_s = max(0.0, due_s - time.perf_counter()) if due_s < end_s else 1.0
        for connection in select.select(connections, (), (), 0.0 if wait_s < TICK_S else wait_s)[0]:
            for answer in connection.receive():
                asked_s = meant_s.pop((connection, answer.stream))
                _record(load, found if asked_s >= measured_s else warm, answer, asked_s)
            connection.flush()
        if wait_s < TICK_S:
            time.sleep(max(0.0, due_s - time.perf_counter()))
    return found


def _record(load: Load, found: Found, answer: Answer, asked_s: float) -> None:
    found.latencies_ms.append(1_000 * (time.perf_counter() - asked_s) if answer.ok else math.inf)
    _count(found, answer)
    if load.ages and answer.ok:
        applied = pb.EntityScore.FromString(answer.message).applied_at
        found.ages_ms.append(time.time() * 1_000 - applied.ToMilliseconds())


def main() -> None:
    """Run a load and print what it found; above other processes of its core, where the system lets it."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    print(json.dumps(asdict(run(Load(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
