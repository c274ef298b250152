"""What the benchmarks of the click job run on: a broker with clicks, cores of their own, the job, who observes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.cores import pinned
from udfs.topics import CLICK_FRAUD, TopicSpec
from wiregraph import jobs_control, stack_control
from wiregraph.broker import ROOT
from wiregraph.jobs_control import JobRequest
from wiregraph.stack_control import Wish
from wiregraph.topics_admin import create_missing

RATES, LIVE = "fraud-rates", "fraud-live"
CLICKS = 1_200_000
CONTENDER_S = 90.0
BENCH_PYTHON = ROOT / ".build" / "bench-venv" / "bin" / "python"


class OutputSpec(TopicSpec):
    """A topic whose records bear the broker's time, since contenders date theirs differently."""

    def config(self) -> dict[str, str]:
        """Kafka's topic configuration for this spec."""
        return {**super().config(), "message.timestamp.type": "LogAppendTime"}


@dataclass
class Bench:
    """Where it runs: contenders on the cores `inner`, the rest on `outer`."""

    directory: Path
    inner: Sequence[int]
    outer: Sequence[int]
    bootstrap: str = ""

    def begin(self) -> None:
        """A broker, the topics of the contenders, the clicks."""
        if not BENCH_PYTHON.exists():
            raise FileNotFoundError(f"{BENCH_PYTHON} is missing: run `make bench`")
        stack = stack_control.up(Wish(self.directory, only_broker=True), lambda _line: None)
        self.bootstrap = stack.bootstrap
        self.outputs("copy", "over", "match", "quix")
        self.stream("fill", str(CLICKS), str(self.positions))

    def outputs(self, *names: str) -> None:
        """Create the topics that contenders write to."""
        create_missing({"bootstrap_servers": self.bootstrap}, [OutputSpec(name, 1) for name in names])

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


def two_cores() -> tuple[Sequence[int], Sequence[int]]:
    """A core for who is measured, one for all else; the same one where there is no other."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[:1], cores[-1:]


@contextmanager
def click_job(
    bench: Bench, cores: Sequence[int], graph: str = "", cluster: str = "", slots: int = 1
) -> Iterator[psutil.Process]:
    """The click job without its models; its client is this process where it runs on a cluster."""
    request = JobRequest(CLICK_FRAUD, bench.bootstrap, graph, slots, cascade=False, cluster=cluster)
    with pinned(cores):
        record = jobs_control.start(bench.directory, request)
    try:
        jobs_control.await_running(bench.directory, record)
        yield psutil.Process(record.pid or os.getpid())
    finally:
        jobs_control.end(bench.directory, record)
