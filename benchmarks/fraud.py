"""The click job beside its peers: same rule, same topic, one core; then its latency, its rules, its memory.

Kafka and what sends and observes have the other core. `WIREGRAPH_SOAK_MINUTES` (1.5 by default) is how long memory is
watched at half the job's own rate.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks import patterns
from benchmarks.report import Figure, percentile
from udfs.topics import ALERTS, CLICK_FRAUD, TopicSpec
from wiregraph import jobs_control, processes, stack_control
from wiregraph.broker import ROOT, jars_directory
from wiregraph.jobs_control import JobRequest
from wiregraph.stack_control import Wish
from wiregraph.topics_admin import create_missing

GROUP = "fraud"
CLICKS = 1_200_000
CONTENDER_S = 90.0
SLOW_S = 25.0
"""How long the slow ones are watched, behind their first output."""
SOAK_MINUTES = float(os.environ.get("WIREGRAPH_SOAK_MINUTES", "1.5"))
FLOOR_PER_S = 20_000
LATENCY_TARGETS_MS = {0.50: 50, 0.95: 50, 0.99: 50, 0.999: 100}
EFFECT_TARGET_MS = 1_000
BENCH_PYTHON = ROOT / ".build" / "bench-venv" / "bin" / "python"


class OutputSpec(TopicSpec):
    """A topic whose records bear the broker's time, since contenders date theirs differently."""

    def config(self) -> dict[str, str]:
        """Kafka's topic configuration for this spec."""
        return {**super().config(), "message.timestamp.type": "LogAppendTime"}


def measure(directory: Path) -> Iterator[Figure]:
    """Everything; each contender reads the same clicks from the first on."""
    yield from patterns.figures()
    cores = sorted(os.sched_getaffinity(0))
    bench = Bench(directory, cores[:1], cores[-1:], cores)
    try:
        with _pinned(bench.outer):
            bench.begin()
            yield from _throughput(bench)
            yield from _live(bench)
    finally:
        stack_control.down(directory, _silent)


@dataclass
class Bench:
    """Where it runs: contenders on the cores `inner`, the rest on `outer`."""

    directory: Path
    inner: Sequence[int]
    outer: Sequence[int]
    both: Sequence[int]
    bootstrap: str = ""
    rates: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """A broker, the topics of the contenders, the clicks."""
        if not BENCH_PYTHON.exists():
            raise FileNotFoundError(f"{BENCH_PYTHON} is missing: run `make bench`")
        stack = stack_control.up(Wish(self.directory, only_broker=True), _silent)
        self.bootstrap = stack.bootstrap
        outputs = [OutputSpec(name, 1) for name in ("copy", "over", "match", "quix")]
        create_missing({"bootstrap_servers": self.bootstrap}, outputs)
        self.stream("fill", str(CLICKS), str(self.positions))

    @property
    def positions(self) -> Path:
        """Where the coupon attempts lie."""
        return self.directory / "positions.json"

    def stream(self, command: str, *arguments: str) -> str:
        """What a command of `fraud_stream` prints."""
        argv = [str(BENCH_PYTHON), "-m", "benchmarks.fraud_stream", command, self.bootstrap, *arguments]
        return subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout

    def observe(self, topic: str, seconds: float) -> float:
        """A contender's clicks a second, as its output shows."""
        found = json.loads(self.stream("observe", topic, str(self.positions), str(seconds)))
        if not found["share"]:
            print(f"# nothing came to the topic {topic}", flush=True)
        return float(found["rate"])


def _throughput(bench: Bench) -> Iterator[Figure]:
    """One core each, one after the other; ours first and, with two slots on both cores, last."""
    rates = bench.rates
    rates["job"] = _job_rate(bench, 1, bench.inner)
    rates["quix"] = _rate_of(bench, "quix", CONTENDER_S, [BENCH_PYTHON, "-m", "benchmarks.fraud_quix"])
    sql = [sys.executable, "-m", "benchmarks.fraud_sql"]
    for name, seconds in (("copy", CONTENDER_S), ("over", SLOW_S), ("match", SLOW_S)):
        rates[name] = _rate_of(bench, name, seconds, [*sql, name])
    two = _job_rate(bench, 2, bench.both)
    one = _job_rate(bench, 1, bench.both)
    job = rates["job"]
    yield Figure(GROUP, "click_job", job, "clicks/s", job / (rates["quix"] or 1), "quix_streams")
    yield Figure(GROUP, "click_job_floor", job, "clicks/s", job / FLOOR_PER_S, "floor_20000")
    for name in ("quix", "copy", "over", "match"):
        yield Figure(GROUP, f"peer_{name}", rates[name], "clicks/s", rates[name] / (job or 1), "click_job")
    yield Figure(GROUP, "click_job_two_slots", two, "clicks/s", two / (one or 1), "one_slot_on_the_same_cores")


def _job_rate(bench: Bench, parallelism: int, cores: Sequence[int]) -> float:
    """The click job from the first click on; its alerts of before are another graph's."""
    graph = f"p{parallelism}c{len(cores)}"
    topic = f"{ALERTS}.{graph}"
    create_missing({"bootstrap_servers": bench.bootstrap}, [OutputSpec(topic, 1)])
    with _job(bench, cores, graph, parallelism):
        return bench.observe(topic, CONTENDER_S)


@contextmanager
def _job(bench: Bench, cores: Sequence[int], graph: str = "", parallelism: int = 1) -> Iterator[psutil.Process]:
    request = JobRequest(CLICK_FRAUD, bench.bootstrap, graph, parallelism, cascade=False)
    with _pinned(cores):
        record = jobs_control.start(bench.directory, request)
    try:
        jobs_control.await_running(bench.directory, record)
        yield psutil.Process(record.pid)
    finally:
        jobs_control.end(bench.directory, record)


def _rate_of(bench: Bench, name: str, seconds: float, argv: Sequence[str | Path]) -> float:
    state = bench.directory / name
    state.mkdir()
    arguments = [bench.bootstrap, str(state), *([] if name == "quix" else [str(jars_directory())])]
    with _pinned(bench.inner), (state / "out.log").open("wb") as log:
        peer = subprocess.Popen([*argv, *arguments], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        return bench.observe(name, seconds)
    finally:
        processes.end(psutil.Process(peer.pid), 5.0)


def _live(bench: Bench) -> Iterator[Figure]:
    """At half the job's rate: how soon alerts come, how soon a rule has effect, what memory does."""
    rate = bench.rates["job"] / 2
    with _job(bench, bench.inner) as process:
        _await_caught_up(bench)
        with Memory(process) as memory:
            found: dict[str, Any] = json.loads(bench.stream("pace", str(rate), str(60 * SOAK_MINUTES), str(CLICKS)))
    yield Figure(GROUP, "live_rate", found["rate"], "clicks/s", found["rate"] / rate, "half_the_rate")
    for share, target in LATENCY_TARGETS_MS.items():
        value = percentile(found["calm_ms"], share)
        yield Figure(GROUP, f"click_to_alert_p{100 * share:g}", value, "ms", value / target, f"target_{target}_ms")
    changing = percentile(found["changing_ms"], 0.99)
    yield Figure(GROUP, "click_to_alert_p99_while_rules_change", changing, "ms", changing / 50, "target_50_ms")
    slowest = max(found["effects_ms"], default=float("nan"))
    yield Figure(GROUP, "rule_to_effect_max", slowest, "ms", slowest / EFFECT_TARGET_MS, "target_1000_ms")
    yield Figure(GROUP, "memory_of_the_job", memory.last_mib, "MiB")
    yield Figure(GROUP, "memory_slope", memory.slope_mib_per_min, "MiB/min")


def _await_caught_up(bench: Bench) -> None:
    """The job has read what the contenders had, so that the clicks to come are the first it waits for."""
    bench.observe(ALERTS, CONTENDER_S)


class Memory:
    """Resident MiB of a process and what it has started, each second; the slope is that of the second half."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._points: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(1.0):
            self._points.append((time.monotonic() / 60, processes.rss(self._process) / 2**20))

    @property
    def last_mib(self) -> float:
        """What is resident in the end."""
        return self._points[-1][1]

    @property
    def slope_mib_per_min(self) -> float:
        """Least squares over the second half, when what is remembered has come to its full size."""
        points = self._points[len(self._points) // 2 :]
        mean_x = sum(x for x, _y in points) / len(points)
        mean_y = sum(y for _x, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _y in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / max(spread, 1e-9)


@contextmanager
def _pinned(cores: Sequence[int]) -> Iterator[None]:
    """Children that are started within run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _silent(_line: str) -> None:
    return
