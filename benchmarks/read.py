"""The read side: calls a second beside a raw echo, latency at half load, age of data, and its peers.

The server is pinned to one core and asked from the other, while the applier writes 2,000 rows a second and event
time runs as the clock does: what is measured lasts a minute, so that windows move in it. Entities are drawn by Zipf's
law.
The group `read-10m` compares a graph of ten million facts with one of a million; `python -m benchmarks.read --facts N`
does so for any number.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from statistics import mean

from benchmarks import guarded, read_apply, read_feast, read_peers, read_sizes
from benchmarks.read_bench import PATIENCE_S, ROWS_PER_S, Bench, Child, opened, say, status
from benchmarks.read_graph import Size
from benchmarks.read_requests import BATCH, BATCHED, NEIGHBORS, UNARY, Load
from benchmarks.report import Figure, percentile, write_results

GROUP = "read"
LARGE = "read-10m"
FACTS, FACTS_SMALL = 1_000_000, 30_000
LOAD_S = 20.0
ROUNDS = 3
"""Server and echo in turn, since the machine's speed changes within seconds; together a minute."""
SHORT_S = 4.0
WARM_S = 20.0
"""In which nearly each question is asked once: a server that has been up for a while is measured."""
SETTLED_S = 3.0
"""Behind a pause what has changed meanwhile is computed again at first."""
WRITING_S = 30.0
"""At first the broker still compiles its code, and the applier has rows to catch up with."""
PARTS = ("rates", "latencies", "restart", "processes", "peers", "feast", "applier", "guarded")
BATCH_TARGET_PER_S = 150_000
SLA_PER_S = 50_000
AGE_CALLS_PER_S = 100.0
AGE_TARGET_MS = 100
BEHIND_S = 0.2
RESTARTS = 5
RESTART_TARGET_S = 5
SMALL = bool(os.environ.get("WIREGRAPH_BENCH_SMALL"))
"""For trying the benchmark out; its figures say nothing."""


def measure(directory: Path, parts: Collection[str] = PARTS, graph: Path | None = None) -> Iterator[Figure]:
    """Everything but the large graph; `graph` is where the graph is kept for the next time."""
    with opened(directory, small=SMALL) as bench:
        bench.begin()
        bench.build(Size(FACTS_SMALL if SMALL else FACTS), graph)
        if {"rates", "latencies", "peers", "feast"}.intersection(parts):
            yield from _beside_writes(bench, latencies="latencies" in parts)
        of_part = {
            "restart": lambda: _restarts(bench),
            "processes": lambda: _processes(bench),
            "peers": lambda: read_peers.figures(bench, GROUP),
            "feast": lambda: read_feast.figures(bench, GROUP),
            "applier": lambda: read_apply.figures(bench, GROUP),
            "guarded": lambda: guarded.figures(bench, GROUP),
        }
        for name in PARTS:
            if name in parts and name in of_part:
                yield from of_part[name]()


def _beside_writes(bench: Bench, *, latencies: bool) -> Iterator[Figure]:
    """The rates, which other parts compare with, and latencies."""
    with bench.writing(), bench.server(bench.directory / "store", bench.inner) as server:
        time.sleep(bench.seconds(WRITING_S))
        _await_applied(server)
        yield from _throughput(bench, server)
        if latencies:
            yield from _latencies(bench, server)
        behind = status(server.address).lag
    fed = bench.found["fed"]
    yield Figure(GROUP, "rows_written_meanwhile", fed, "rows/s", fed / ROWS_PER_S, "asked_for_2000")
    yield Figure(GROUP, "rows_not_applied_in_the_end", behind, "rows")


def measure_large(directory: Path, facts: int = 10 * FACTS) -> Iterator[Figure]:
    """A graph of so many facts beside a small one; a group of its own, since to build it takes minutes."""
    with opened(directory, small=SMALL) as bench:
        bench.begin()
        yield from read_sizes.figures(bench, LARGE, facts)


def _throughput(bench: Bench, server: Child) -> Iterator[Figure]:
    for call, name, target in ((UNARY, "get_entity", 0.85), (NEIGHBORS, "get_neighbors_top_20", 0.70)):
        say(f"{call} beside the echo")
        found = bench.load(call, server.address, 1.0)
        size = found.answer_bytes // found.calls
        raw: list[float] = []
        at_once: list[float] = []
        rate, kept = _asked(bench, server, call, between=partial(_echoes, bench, server, size, (raw, at_once)))
        echo = mean(raw)
        bench.found[name], bench.found[f"{name}_bytes"] = rate, size
        yield Figure(GROUP, f"echo_of_{name}", echo, f"calls/s_of_{size}_bytes")
        yield Figure(GROUP, name, rate, "calls/s", rate / echo, f"echo_target_{target:.2f}")
        yield Figure(GROUP, f"{name}_limit", mean(at_once), "calls/s", rate / mean(at_once), "echo_at_once")
        yield Figure(GROUP, f"{name}_from_stored_fragments", kept, "share")
    yield Figure(GROUP, "client_of_the_echo", bench.found["client"], "share_of_its_core")
    say("batches")
    rate, kept = _asked(bench, server, BATCHED, BATCH)
    rate *= BATCH
    bench.found["batch"] = rate
    yield Figure(GROUP, "batch_of_100", rate, "entities/s", rate / BATCH_TARGET_PER_S, "target_150000")
    yield Figure(GROUP, "batch_of_100_from_stored_fragments", kept, "share")


def _asked(
    bench: Bench, server: Child, call: str, batch: int = 1, between: Callable[[], None] = lambda: None
) -> tuple[float, float]:
    """Calls a second of a warm server, and the share of the answers that were ready as bytes.

    `between` is done before each round and behind the last.
    """
    bench.load(call, server.address, WARM_S, batch=batch)
    between()
    before, rates = status(server.address), []
    for _ in range(ROUNDS):
        rates.append(bench.load(call, server.address, LOAD_S, batch=batch).rate)
        between()
    after = status(server.address)
    kept, computed = (after.answers_kept - before.answers_kept, after.answers_computed - before.answers_computed)
    return mean(rates), kept / (kept + computed)


def _echoes(bench: Bench, server: Child, size: int, rates: tuple[list[float], list[float]]) -> None:
    """Adds the calls a second of the raw echo and of the one that answers at once; each has the core to itself."""
    for options, found in zip(((), ("at-once",)), rates, strict=True):
        with server.suspended(), bench.echo(size, *options) as echo:
            load = bench.load(UNARY, echo.address, SHORT_S)
        bench.found["client"] = load.cpu_share
        found.append(load.rate)


def _latencies(bench: Bench, server: Child) -> Iterator[Figure]:
    """Open loops: a call is due at its time, whatever became of those before."""
    say("latency at half load")
    size = int(bench.found["get_entity_bytes"])
    latencies = _at_half_load(bench, server, UNARY)
    for share in (0.50, 0.95, 0.99, 0.999):
        value = percentile(latencies, share)
        yield Figure(GROUP, f"get_entity_half_load_p{100 * share:g}", value, "ms", value / 2, "target_2_ms_at_p99")
    with server.suspended(), bench.echo(size) as echo:
        half = bench.load(UNARY, echo.address, SHORT_S).rate / 2
        limit = percentile(bench.load(UNARY, echo.address, LOAD_S, rate=half).latencies_ms, 0.99)
    yield Figure(GROUP, "echo_half_load_p99", limit, "ms")
    value = percentile(_at_half_load(bench, server, BATCHED, BATCH), 0.99)
    yield Figure(GROUP, "batch_of_100_half_load_p99", value, "ms", value / 8, "target_8_ms")
    yield Figure(GROUP, "rows_not_applied_behind_half_load", bench.found["behind"], "rows")
    _await_applied(server)
    found = bench.load(BATCHED, server.address, ROUNDS * LOAD_S, batch=BATCH, rate=SLA_PER_S / BATCH)
    value = percentile(found.latencies_ms, 0.99)
    yield Figure(GROUP, "batch_of_100_at_50000_entities_a_second_p99", value, "ms", value / 10, "target_10_ms")
    _await_applied(server)
    ages = bench.load(UNARY, server.address, LOAD_S, rate=AGE_CALLS_PER_S, ages=True).ages_ms
    for share in (0.50, 0.99):
        value = percentile(ages, share)
        yield Figure(GROUP, f"data_age_p{100 * share:g}", value, "ms", value / AGE_TARGET_MS, "target_100_ms_at_p99")


def _at_half_load(bench: Bench, server: Child, call: str, batch: int = 1) -> list[float]:
    """Latencies in ms at half of what it answered just before each round."""
    latencies: list[float] = []
    for _ in range(ROUNDS):
        most = bench.load(call, server.address, SHORT_S, batch=batch).rate
        _await_applied(server)
        latencies += bench.load(call, server.address, LOAD_S, batch=batch, rate=most / 2, warm_s=SETTLED_S).latencies_ms
        bench.found["behind"] = max(bench.found.get("behind", 0), status(server.address).lag)
    return latencies


def _await_applied(server: Child) -> None:
    """Until hardly any row waits: loads take the applier's core, which is no part of a steady state."""
    deadline = time.monotonic() + PATIENCE_S
    while status(server.address).lag > ROWS_PER_S * BEHIND_S:
        if time.monotonic() > deadline:
            raise TimeoutError("the applier does not come to the end of its rows")
        time.sleep(BEHIND_S)


def _restarts(bench: Bench) -> Iterator[Figure]:
    """From a server's kill -9 to the first answer of the next one, the slowest of a few; on one core."""
    say("servers are killed")
    slowest_s = 0.0
    for _ in range(RESTARTS):
        with bench.server(bench.directory / "store", bench.inner) as server:
            server.process.kill()
            killed_s = time.monotonic()
            with bench.server(bench.directory / "store", bench.inner):
                slowest_s = max(slowest_s, time.monotonic() - killed_s)
    target = f"target_{RESTART_TARGET_S}_s"
    yield Figure(GROUP, f"server_back_at_{bench.facts}_facts", slowest_s, "s", slowest_s / RESTART_TARGET_S, target)


def _processes(bench: Bench) -> Iterator[Figure]:
    """Two processes against one, clients and servers on all cores alike, and what a call costs each.

    Two cores hold servers and client, so the rate cannot double there; with cores enough it grows as CPU time says.
    """
    say("two processes against one")
    rates, costs = [], []
    for count in (1, 2):
        with bench.server(bench.directory / "store", bench.both, "--processes", str(count)) as server:
            load = Load(server.address, UNARY, bench.seconds(LOAD_S), warm_s=0.0, connections=32, streams=1)
            bench.load_on(bench.both, load)  # Each process has its answers ready behind it.
            before_s = server.cpu_s
            found = bench.load_on(bench.both, load)
            rates.append(found.rate)
            costs.append((server.cpu_s - before_s) / found.calls)
    yield Figure(GROUP, "two_processes", rates[1], "calls/s", rates[1] / rates[0], "one_process,_client_beside_them")
    doubled = 2 * costs[0] / costs[1]
    yield Figure(GROUP, "two_processes_cpu", 1e6 * costs[1], "us/call", doubled, "one_process,_by_CPU_time,_target_1.8")


def main() -> None:
    """The comparison by size with --facts, else the group or parts of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, help="compare a graph of so many facts with a small one")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts; most need the rates")
    parser.add_argument("--graph", type=Path, help="where the graph is, or is kept for the next time")
    parser.add_argument("--write", action="store_true", help="write what was measured into results.md")
    asked = parser.parse_args()
    figures = []
    with tempfile.TemporaryDirectory(prefix="wiregraph-bench-") as temporary:
        directory = Path(temporary)
        large = asked.facts and measure_large(directory, asked.facts)
        for figure in large or measure(directory, asked.only, asked.graph):
            print(figure.line(), flush=True)
            figures.append(figure)
    if asked.write:
        write_results(figures, parts=True)


if __name__ == "__main__":
    main()
