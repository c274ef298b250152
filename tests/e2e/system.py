"""A whole system in a directory: broker, applier, server and the news job as real processes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc
import psutil

from udfs.topics import NEWS
from wiregraph import jobs_control, processes, stack_control
from wiregraph.demo_answers import Answers, connect
from wiregraph.demo_records import Progress
from wiregraph.jobs_control import JobRequest
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import JobRecord, Stack, load_stack
from wiregraph.stack_control import Wish
from wiregraph.v1.services_pb2_grpc import GraphStub

Answer = TypeVar("Answer")

JOB = "news-graph"
SETTLED_S = 300.0


@dataclass(frozen=True)
class System:
    """What runs in `directory`."""

    directory: Path

    @property
    def stack(self) -> Stack:
        return load_stack(self.directory)

    @property
    def job(self) -> JobRecord:
        return JobRecord.model_validate_json((self.directory / "jobs" / f"{JOB}.json").read_bytes())

    def start_job(self, job: str = JOB, cluster: str = "", parallelism: int = 1) -> None:
        request = JobRequest(job, self.stack.bootstrap, cluster=cluster, parallelism=parallelism)
        record = jobs_control.start(self.directory, request)
        jobs_control.await_running(self.directory, record)

    def send(self, records: list[Outgoing]) -> None:
        with open_sender({"bootstrap_servers": self.stack.bootstrap}, NEWS) as sender:
            for record in records:
                while not sender.send(record):
                    time.sleep(0.01)
            sender.flush()

    def wiregraph(self, *arguments: str, timeout_s: float = 120.0) -> str:
        """What a command prints; a failed one fails the test with its words."""
        done = subprocess.run(
            [sys.executable, "-m", "wiregraph", *arguments, "--dir", str(self.directory)],
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.wiregraph(*arguments, "--json"))

    @contextmanager
    def graph(self) -> Iterator[GraphStub]:
        with grpc.insecure_channel(self.stack.grpc) as channel:
            yield GraphStub(channel)

    def settled(self, records: int) -> Progress:
        """The counts once so many records are counted and all is applied."""
        with connect(self.stack.grpc) as answers:
            return wait_for(lambda: _whole(answers, records))

    def counted(self) -> int:
        """How many records are counted so far."""
        with connect(self.stack.grpc) as answers:
            return _total(answers.progress())

    def python_workers(self) -> list[psutil.Process]:
        """The job's Python workers, which are not the process that submitted it."""
        process = processes.find(self.job)
        children = process.children(recursive=True) if process else []
        return [child for child in children if "beam_boot" in " ".join(_command(child))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _whole(answers: Answers, records: int) -> Progress | None:
    progress = answers.progress()
    total = _total(progress)
    assert total <= records, f"{total} records counted, only {records} were sent"
    return progress if total == records and progress.lag == 0 else None


def _total(progress: Progress) -> int:
    return progress.articles + progress.empty + progress.duplicates + progress.dead_letters


def wait_for(ask: Callable[[], Answer | None], timeout_s: float = SETTLED_S) -> Answer:
    """The first answer that is not None; the test fails with what was asked for too long."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"no answer within {timeout_s:.0f} s")


@contextmanager
def running_stack(directory: Path) -> Iterator[System]:
    """A fresh system without a job; all that runs in `directory` is stopped at the end."""
    try:
        stack_control.up(Wish(directory), print)
        yield System(directory)
    finally:
        stack_control.down(directory, print)


@contextmanager
def running_system(directory: Path) -> Iterator[System]:
    """A fresh system with its job at work; all of it is stopped at the end."""
    with running_stack(directory) as system:
        system.start_job()
        yield system
