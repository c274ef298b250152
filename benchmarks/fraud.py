"""The click job beside its peers: same rule, same topic, one core; then its latency, its rules, its memory.

Kafka and what sends and observes have the other core.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import cascade, patterns
from benchmarks.cores import pinned
from benchmarks.flink_cluster import TASK_MANAGER, Cluster, cluster
from benchmarks.fraud_bench import BENCH_PYTHON, CLICKS, CONTENDER_S, LIVE, RATES, Bench, click_job, two_cores
from benchmarks.fraud_live import live
from benchmarks.report import Figure
from udfs.topics import ALERTS
from wiregraph import processes, stack_control
from wiregraph.broker import ROOT, jars_directory

SLOW_S = 25.0
"""How long the slow ones are watched, behind their first output."""
FLOOR_PER_S = 20_000


def measure_rates(directory: Path) -> Iterator[Figure]:
    """Clicks a second; each contender reads the same clicks from the first on."""
    yield from patterns.figures()
    yield from cascade.figures()
    with _opened(directory) as bench:
        yield from _beside_peers(bench, _job_rate(bench))
        yield from _two_task_managers(bench)


def measure_live(directory: Path) -> Iterator[Figure]:
    """Latency, rule changes and memory at half the rate that the job has in this same run."""
    with _opened(directory) as bench:
        most = _job_rate(bench)
        yield Figure(LIVE, "click_job_before_live", most, "clicks/s")
        yield from live(bench, most / 2)


@contextmanager
def _opened(directory: Path) -> Iterator[Bench]:
    """A broker with clicks in it; this process, and what it starts unless it says otherwise, has the outer core."""
    bench = Bench(directory, *two_cores())
    try:
        with pinned(bench.outer):
            bench.begin()
            yield bench
    finally:
        stack_control.down(directory, lambda _line: None)


def _beside_peers(bench: Bench, job: float) -> Iterator[Figure]:
    """One core each, one after the other."""
    sql = [sys.executable, "-m", "benchmarks.fraud_sql"]
    peers = {
        "quix": _peer_rate(bench, "quix", CONTENDER_S, [BENCH_PYTHON, "-m", "benchmarks.fraud_quix"]),
        "copy": _peer_rate(bench, "copy", CONTENDER_S, [*sql, "copy"]),
        "over": _peer_rate(bench, "over", SLOW_S, [*sql, "over"]),
        "match": _peer_rate(bench, "match", SLOW_S, [*sql, "match"]),
    }
    yield Figure(RATES, "click_job", job, "clicks/s", job / (peers["quix"] or 1), "quix_streams")
    yield Figure(RATES, "click_job_floor", job, "clicks/s", job / FLOOR_PER_S, "floor_20000")
    for name, rate in peers.items():
        yield Figure(RATES, f"peer_{name}", rate, "clicks/s", rate / (job or 1), "click_job")


def _job_rate(bench: Bench) -> float:
    """The click job from the first click on; its alerts are another graph's."""
    bench.outputs(f"{ALERTS}.one")
    with click_job(bench, bench.inner, "one"):
        return bench.observe(f"{ALERTS}.one", CONTENDER_S)


def _two_task_managers(bench: Bench) -> Iterator[Figure]:
    """A cluster of two TaskManagers with a core each beside one of one.

    The second shares its core with Kafka and who observes, so the rate says little on two cores: what a click costs in
    processor time says what a core of its own would give.
    """
    one, one_us = _cluster_rate(bench, "k1", [bench.inner])
    two, two_us = _cluster_rate(bench, "k2", [bench.inner, bench.outer])
    yield Figure(RATES, "click_job_two_task_managers", two, "clicks/s", two / (one or 1), "one_task_manager")
    by_cpu = 2 * one_us / two_us
    yield Figure(
        RATES, "two_task_managers_cpu", two_us, "us/click", by_cpu, "one_task_manager,_by_CPU_time,_target_1.7"
    )


def _cluster_rate(bench: Bench, graph: str, cores: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Clicks a second, and microseconds of processor time a click, the warming up of code included."""
    topic = f"{ALERTS}.{graph}"
    bench.outputs(topic)
    with cluster(bench.directory / graph, cores) as flink:
        slots = len(cores)
        with click_job(bench, bench.outer, graph, flink.address, slots):
            before_s = _cpu_s(flink)
            rate = bench.observe(topic, CONTENDER_S)
            return rate, (_cpu_s(flink) - before_s) * 1e6 / CLICKS


def _cpu_s(flink: Cluster) -> float:
    managers = [process for name, process in flink.running.items() if name.startswith(TASK_MANAGER)]
    spent = [one.cpu_times() for one in managers]
    return sum(one.user + one.system for one in spent)


def _peer_rate(bench: Bench, name: str, seconds: float, argv: Sequence[str | Path]) -> float:
    state = bench.directory / name
    state.mkdir()
    arguments = [bench.bootstrap, str(state), *([] if name == "quix" else [str(jars_directory())])]
    with pinned(bench.inner), (state / "out.log").open("wb") as log:
        peer = subprocess.Popen([*argv, *arguments], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        return bench.observe(name, seconds)
    finally:
        processes.end(psutil.Process(peer.pid), 5.0)
