"""The read side: calls a second beside a raw echo, latency at half load, age of data, and its peers.

The server is pinned to one core and asked from the other, while the applier writes 2,000 rows a second and
event time runs at a minute in 5 seconds, so that windows move. Entities are drawn by Zipf's law.
`python -m benchmarks.read --facts 10000000` compares a graph of that size with one of a million facts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.read_bench import Bench, Child, opened, say
from benchmarks.read_graph import Size
from benchmarks.report import Figure, percentile

GROUP = "read"
FACTS = 1_000_000
FACTS_SMALL = 30_000
BATCH = 100
UNARY, BATCHED, NEIGHBORS = "GetEntity", "BatchGetEntities", "GetNeighbors"
LOAD_S = 6.0
BATCH_TARGET_PER_S = 150_000
SLA_PER_S = 50_000
AGE_TARGET_MS = 100
AGE_CALLS_PER_S = 100.0
SMALL = bool(os.environ.get("WIREGRAPH_BENCH_SMALL"))
"""For trying the benchmark out; its figures say nothing."""


def measure(directory: Path) -> Iterator[Figure]:
    """Everything but the ten million facts."""
    with opened(directory, small=SMALL) as bench:
        bench.begin(Size(FACTS_SMALL if SMALL else FACTS))
        with bench.writing(), bench.server(directory / "store", bench.inner) as server:
            yield from _throughput(bench, server)
            yield from _latencies(bench, server)
        yield Figure(GROUP, "rows_applied_meanwhile", bench.found["fed"], "rows/s", bench.found["fed"] / 2_000, "2000")


def _throughput(bench: Bench, server: Child) -> Iterator[Figure]:
    for call, name, target in ((UNARY, "get_entity", 0.85), (NEIGHBORS, "get_neighbors_top_20", 0.70)):
        size, rate, echo = _beside_echo(bench, server, call)
        bench.found[name] = rate
        yield Figure(GROUP, f"echo_of_{name}", echo, f"calls/s_of_{size}_bytes")
        yield Figure(GROUP, name, rate, "calls/s", rate / echo, f"echo_target_{target:.2f}")
    say("batches")
    found = bench.load(BATCHED, server.address, LOAD_S)
    rate = bench.found["batch"] = found.rate * BATCH
    yield Figure(GROUP, "batch_of_100", rate, "entities/s", rate / BATCH_TARGET_PER_S, "target_150000")


def _beside_echo(bench: Bench, server: Child, call: str) -> tuple[int, float, float]:
    """The size of an answer, its calls/s and those of the echo, which is measured before and behind."""
    say(f"{call} beside the echo")
    found = bench.load(call, server.address, 1.0)
    size = found.answer_bytes // found.calls
    before = _echo(bench, server, size)
    rate = bench.load(call, server.address, LOAD_S).rate
    return size, rate, (before + _echo(bench, server, size)) / 2


def _echo(bench: Bench, server: Child, size: int) -> float:
    with server.suspended(), bench.echo(size) as echo:
        return bench.load(UNARY, echo.address, LOAD_S / 2).rate


def _latencies(bench: Bench, server: Child) -> Iterator[Figure]:
    """Open loops: a call is due at its time, whatever became of those before."""
    say("latency at half load")
    half = bench.found["get_entity"] / 2
    found = bench.load(UNARY, server.address, 2 * LOAD_S, rate=half)
    for share in (0.50, 0.95, 0.99, 0.999):
        value = percentile(found.latencies_ms, share)
        yield Figure(GROUP, f"get_entity_half_load_p{100 * share:g}", value, "ms", value / 2, "target_2_ms_at_p99")
    found = bench.load(BATCHED, server.address, LOAD_S, rate=bench.found["batch"] / BATCH / 2)
    value = percentile(found.latencies_ms, 0.99)
    yield Figure(GROUP, "batch_of_100_half_load_p99", value, "ms", value / 8, "target_8_ms")
    found = bench.load(BATCHED, server.address, LOAD_S, rate=SLA_PER_S / BATCH)
    value = percentile(found.latencies_ms, 0.99)
    yield Figure(GROUP, "batches_at_50000_entities_a_second_p99", value, "ms", value / 10, "target_10_ms")
    ages = bench.load(UNARY, server.address, LOAD_S, rate=AGE_CALLS_PER_S, ages=True).ages_ms
    for share in (0.50, 0.99):
        value = percentile(ages, share)
        yield Figure(GROUP, f"data_age_p{100 * share:g}", value, "ms", value / AGE_TARGET_MS, "target_100_ms_at_p99")


def main() -> None:
    """The comparison by size alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=10 * FACTS)
    parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wiregraph-bench-") as directory:
        for figure in measure(Path(directory)):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
