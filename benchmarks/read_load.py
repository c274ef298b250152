"""Asks a server as fast as it answers, or at a steady rate; one process, so that it can have a core of its own.

python -m benchmarks.read_load SPEC    the spec is a `Load` as JSON, what it finds is printed as JSON
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

import numpy as np
from google.protobuf.duration_pb2 import Duration

from benchmarks.read_graph import entity_id, zipf_weights
from benchmarks.read_wire import Answer, Connection, Request, request
from wiregraph.v1 import graph_pb2 as pb

SERVICE = "/wiregraph.v1.Graph/"
DRAWS = 20_000
BATCHES = 400
KEPT_AGES = 2_000
TOP = 20


@dataclass(frozen=True, slots=True)
class Load:
    """`rate` in calls/s, 0 for as many as are answered; `draw` is zipf or uniform over so many entities."""

    address: str
    call: str
    entities: int
    seconds: float
    warm_s: float = 1.0
    rate: float = 0.0
    draw: str = "zipf"
    window_s: int = 0
    batch: int = 100
    connections: int = 4
    streams: int = 4
    seed: int = 1
    ages: bool = False


@dataclass(slots=True)
class Found:
    """What a load has seen behind its warm-up; `ages_ms` is now less the `applied_at` of answers.

    The latency of a call that failed is infinite.
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


def requests(load: Load) -> list[Request]:
    """Ready to be sent, in a random order that the seed fixes."""
    rng = np.random.default_rng(load.seed)
    weights = zipf_weights(load.entities) if load.draw == "zipf" else None
    if load.call == "BatchGetEntities":
        draws = [rng.choice(load.entities, load.batch, replace=False, p=weights) for _ in range(BATCHES)]
    else:
        draws = list(rng.choice(load.entities, (DRAWS, 1), p=weights))
    messages = (_message(load, [entity_id(int(one)) for one in drawn]).SerializeToString() for drawn in draws)
    return [request(load.address, SERVICE + load.call, message) for message in messages]


def _message(load: Load, ids: list[str]) -> pb.GetEntityRequest | pb.BatchGetEntitiesRequest | pb.GetNeighborsRequest:
    window = Duration(seconds=load.window_s) if load.window_s else None
    if load.call == "BatchGetEntities":
        return pb.BatchGetEntitiesRequest(entity_ids=ids, window=window)
    if load.call == "GetNeighbors":
        return pb.GetNeighborsRequest(entity_id=ids[0], window=window, limit=TOP)
    return pb.GetEntityRequest(entity_id=ids[0], window=window)


def run(load: Load) -> Found:
    """Closed loop without a rate, else open: a latency counts from when the call was meant to be sent."""
    ready = cycle(requests(load))
    connections = [Connection(load.address) for _ in range(load.connections)]
    try:
        return _open(load, ready, connections) if load.rate else _closed(load, ready, connections)
    finally:
        for connection in connections:
            connection.close()


def _closed(load: Load, ready: Iterator[Request], connections: list[Connection]) -> Found:
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


def _closed_until(end_s: float, ready: Iterator[Request], connections: list[Connection], found: Found) -> None:
    while time.perf_counter() < end_s:
        for connection in select.select(connections, (), (), 1.0)[0]:
            answers: list[Answer] = connection.receive()
            for answer in answers:
                _count(found, answer)
                connection.call(next(ready))
            connection.flush()


def _count(found: Found, answer: Answer) -> None:
    found.calls += 1
    found.errors += not answer.ok
    found.answer_bytes += len(answer.message)


def _open(load: Load, ready: Iterator[Request], connections: list[Connection]) -> Found:
    """Calls at even distances, whether or not those before are answered."""
    found, warm = Found(), Found()
    meant_s: dict[tuple[Connection, int], float] = {}
    turns = cycle(connections)
    begun_s = time.perf_counter()
    measured_s, end_s = begun_s + load.warm_s, begun_s + load.warm_s + load.seconds
    due_s = begun_s
    while meant_s or due_s < end_s:
        now_s = time.perf_counter()
        while due_s <= now_s and due_s < end_s:
            connection = next(turns)
            meant_s[connection, connection.call(next(ready))] = due_s
            connection.flush()
            due_s += 1 / load.rate
        wait_s = max(0.0, due_s - time.perf_counter()) if due_s < end_s else 1.0
        for connection in select.select(connections, (), (), wait_s)[0]:
            for answer in connection.receive():
                asked_s = meant_s.pop((connection, answer.stream))
                _record(load, found if asked_s >= measured_s else warm, answer, asked_s)
            connection.flush()
    found.seconds = load.seconds
    return found


def _record(load: Load, found: Found, answer: Answer, asked_s: float) -> None:
    found.latencies_ms.append(1_000 * (time.perf_counter() - asked_s) if answer.ok else math.inf)
    _count(found, answer)
    if load.call == "GetEntity" and answer.ok and load.ages and len(found.ages_ms) < KEPT_AGES:
        applied = pb.EntityScore.FromString(answer.message).applied_at
        found.ages_ms.append(time.time() * 1_000 - applied.ToMilliseconds())


def main() -> None:
    """Run a load and print what it found; above other processes of its core, where the system lets it."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    print(json.dumps(asdict(run(Load(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
