"""Where the reads are measured: a broker, a graph, the applier that goes on writing it, servers, echoes and loads.

Servers and echoes have the core `inner`, and everything else the core `outer`: broker, feed, applier, clients.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psutil
from kafka import KafkaAdminClient

from benchmarks.cores import pinned
from benchmarks.read_graph import Size
from benchmarks.read_load import Found
from benchmarks.read_requests import Load
from benchmarks.read_store import follow_topic, write_graph
from serving.changelog_consumer import describe
from wiregraph import ports, processes, stack_control
from wiregraph.broker import ROOT
from wiregraph.stack_control import Wish
from wiregraph.v1 import graph_pb2 as pb
from wiregraph.v1.services_pb2_grpc import GraphStub

BENCH_PYTHON = ROOT / ".build" / "bench-venv" / "bin" / "python"
ROWS_PER_S = 2_000
PATIENCE_S = 120.0
SETTLES_S = 1.0


def say(line: str) -> None:
    """What is being done, apart from the figures."""
    print(f"# {line}", flush=True)


@dataclass
class Child:
    """A process of the benchmark; `address` is where it listens."""

    process: psutil.Process
    address: str = ""

    @property
    def cpu_s(self) -> float:
        """Seconds of a core that it and its children have used."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in family)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Its core is free meanwhile."""
        family = [self.process, *self.process.children(recursive=True)]
        for one in family:
            one.suspend()
        try:
            yield
        finally:
            for one in family:
                one.resume()
            time.sleep(SETTLES_S)


@dataclass
class Bench:
    """The cores, and what has been found so far by name, for ratios."""

    directory: Path
    inner: Sequence[int]
    outer: Sequence[int]
    small: bool
    bootstrap: str = ""
    facts: int = 0
    found: dict[str, float] = field(default_factory=dict)

    @property
    def both(self) -> Sequence[int]:
        """All cores."""
        return sorted({*self.inner, *self.outer})

    def seconds(self, whole: float) -> float:
        """How long something is measured."""
        return 1.5 if self.small else whole

    def begin(self) -> None:
        """A broker with all topics."""
        if not BENCH_PYTHON.exists():
            raise FileNotFoundError(f"{BENCH_PYTHON} is missing: run `make bench`")
        # Its second compiler would take a seventh of the clients' core for minutes.
        os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        self.bootstrap = stack_control.up(Wish(self.directory, only_broker=True), _silent).bootstrap

    def build(self, size: Size, kept: Path | None = None) -> None:
        """The graph that is served, its changelog begins behind it; it is kept in a directory, or taken from there."""
        say(f"a graph of {size.facts:,} facts")
        self.facts = size.facts
        served = self.directory / "store" / "live"
        if kept is not None:
            if not kept.exists():
                write_graph(kept, size)
            shutil.copytree(kept, served)
            follow_topic(served, _topic_id(self.bootstrap))
        else:
            write_graph(served, size, _topic_id(self.bootstrap))

    def load(self, call: str, address: str, seconds: float, **options: Any) -> Found:  # noqa: ANN401 - as `Load` has them
        """What a load finds; without a rate it raises where any call fails."""
        return self.load_on(self.outer, Load(address, call, self.seconds(seconds), **options))

    def load_on(self, cores: Sequence[int], load: Load) -> Found:
        """The same from other cores."""
        with pinned(cores):
            argv = [*module("benchmarks.read_load"), json.dumps(asdict(load))]
            said = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = Found(**json.loads(said))
        if found.errors:
            failed = f"{found.errors} of {found.calls} calls of {load.call} failed"
            if not load.rate:
                raise RuntimeError(failed)
            say(failed)
        return found

    @contextmanager
    def child(self, argv: Sequence[str], cores: Sequence[int], name: str) -> Iterator[Child]:
        """A process on these cores, ended behind; what it says is in a log."""
        log = self.directory / f"{name}.log"
        with pinned(cores), log.open("wb") as out:
            begun = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
        try:
            yield Child(psutil.Process(begun.pid))
        finally:
            if begun.poll() is None:
                processes.end(psutil.Process(begun.pid), 10.0)
            begun.wait()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The applier, and 2,000 rows a second for it."""
        applier = [*module("serving.applier"), "--bootstrap", self.bootstrap, "--store", str(self.directory / "store")]
        feed = [str(BENCH_PYTHON), "-m", "benchmarks.read_feed", "live", self.bootstrap, str(ROWS_PER_S)]
        with self.child(applier, self.outer, "applier"), self.child(feed, self.outer, "feed"):
            yield
        fed = json.loads((self.directory / "feed.log").read_text("utf-8").splitlines()[-1])
        self.found["fed"] = fed["rows"] / fed["seconds"]

    @contextmanager
    def server(self, store: Path, cores: Sequence[int], *options: str) -> Iterator[Child]:
        """A server that answers."""
        port = str(ports.choose(None, 0, ()))
        argv = [
            *module("serving.server"),
            "--store",
            str(store),
            "--port",
            port,
            "--bootstrap",
            self.bootstrap,
            *options,
        ]
        with self.child(argv, cores, "server") as child:
            child.address = f"127.0.0.1:{port}"
            await_answer(child)
            yield child

    @contextmanager
    def echo(self, answer_bytes: int, *options: str) -> Iterator[Child]:
        """A raw echo with answers of this size."""
        log = self.directory / f"echo-{answer_bytes}.log"
        argv = [*module("benchmarks.read_echo"), str(answer_bytes), *options]
        with self.child(argv, self.inner, log.stem) as child:
            while not (port := log.read_text("utf-8").strip()) and child.process.is_running():
                time.sleep(0.05)
            child.address = f"127.0.0.1:{port}"
            yield child

    def await_port(self, child: Child, port: int) -> None:
        """Until a process listens; raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_S
        while not ports.accepts(port):
            if time.monotonic() > deadline or not child.process.is_running():
                raise TimeoutError(f"nothing listens on port {port}, see {self.directory}")
            time.sleep(0.1)


def _topic_id(bootstrap: str) -> str:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        return describe(admin, "").changelog.topic_id
    finally:
        admin.close()


def module(name: str) -> list[str]:
    """How a module of ours is run."""
    return [sys.executable, "-m", name]


def status(address: str) -> pb.GetStatusResponse:
    """What a server says of its graph; raises `grpc.RpcError`."""
    with grpc.insecure_channel(address) as channel:
        answer: pb.GetStatusResponse = GraphStub(channel).GetStatus(pb.GetStatusRequest(), timeout=10)
        return answer


def await_answer(child: Child) -> None:
    """Until a server answers; raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and child.process.is_running():
        try:
            status(child.address)
        except grpc.RpcError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server does not answer")


@contextmanager
def opened(directory: Path, *, small: bool) -> Iterator[Bench]:
    """Cores shared out; behind it nothing runs any more."""
    cores = sorted(os.sched_getaffinity(0))
    bench = Bench(directory, cores[:1], cores[-1:], small)
    with ExitStack() as stack:
        stack.callback(stack_control.down, directory, _silent)
        stack.enter_context(pinned(bench.outer))
        yield bench


def _silent(_line: str) -> None:
    return
