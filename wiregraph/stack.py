"""What a local stack is and where it is written down: DIR/stack.json.

The file outlives the processes: ports are used again at the next start where they are still free.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wiregraph.errors import Failure
from wiregraph.guarding import Guarding
from wiregraph.ports import HOST
from wiregraph.processes import ProcessRecord, is_alive

BROKER = "broker"
APPLIER = "applier"
SERVER = "server"
NAMES = (BROKER, APPLIER, SERVER)
"""The stack's own processes in the order in which they start."""

LOCK_TIMEOUT_S = 120.0


class Stack(BaseModel):
    """A stack's addresses and processes; a port of 0 has not been chosen yet."""

    model_config = ConfigDict(frozen=True)

    kafka_port: int = 0
    controller_port: int = 0
    grpc_port: int = 0
    guarding: Guarding | None = None
    processes: dict[str, ProcessRecord] = Field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """Kafka's address, HOST:PORT."""
        return f"{HOST}:{self.kafka_port}"

    @property
    def grpc_host(self) -> str:
        """Where the server is reached from this machine."""
        return self.guarding.reached_at if self.guarding else HOST

    @property
    def grpc(self) -> str:
        """The server's address, HOST:PORT."""
        return f"[{self.grpc_host}]:{self.grpc_port}" if ":" in self.grpc_host else f"{self.grpc_host}:{self.grpc_port}"

    def with_process(self, record: ProcessRecord) -> Stack:
        """This stack with one process more, or another in its place."""
        return self.model_copy(update={"processes": {**self.processes, record.name: record}})

    def without_process(self, name: str) -> Stack:
        """This stack without a process."""
        return self.model_copy(
            update={"processes": {key: self.processes[key] for key in self.processes if key != name}}
        )

    def runs(self, name: str) -> bool:
        """Whether a process of this stack is alive."""
        return name in self.processes and is_alive(self.processes[name])


class JobRecord(ProcessRecord):
    """A job as it is written down; on a `cluster` (its REST API's HOST:PORT) it has a `job_id` and no process."""

    pid: int = 0
    cluster: str = ""
    job_id: str = ""

    @property
    def rest(self) -> str:
        """Where Flink's REST API answers for it, HOST:PORT."""
        return self.cluster or f"{HOST}:{self.port}"


def stack_file(directory: Path) -> Path:
    """Where a stack is written down."""
    return directory / "stack.json"


def plan_file(directory: Path, graph: str) -> Path:
    """Where the plan of a replayed graph lies."""
    return directory / "replays" / f"{graph}.json"


def load_stack(directory: Path) -> Stack:
    """The stack whose broker runs; raises Failure where there is none."""
    stack = read_stack(directory)
    if not stack.runs(BROKER):
        if BROKER in stack.processes:
            raise Failure(f"the broker of the stack in {directory} has ended: `wiregraph stack up` starts it again")
        raise Failure(f"no stack runs in {directory}: start one with `wiregraph stack up`")
    return stack


def read_stack(directory: Path) -> Stack:
    """What is written down of a stack, running or not; an empty one where nothing is."""
    file = stack_file(directory)
    try:
        return Stack.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Stack()
    except (OSError, ValidationError) as error:
        raise Failure(f"{file} cannot be read: remove it and run `wiregraph stack up`") from error


def save_stack(directory: Path, stack: Stack) -> None:
    """Write a stack down, whole or not at all."""
    file = stack_file(directory)
    fresh = file.with_suffix(".json.new")
    fresh.write_text(stack.model_dump_json(indent=2) + "\n", "utf-8")
    fresh.replace(file)


def read_jobs(directory: Path) -> list[tuple[Path, JobRecord]]:
    """The jobs that registered in DIR/jobs, each with its file; files that are half-written are skipped."""
    found = []
    for file in sorted((directory / "jobs").glob("*.json")):
        try:
            found.append((file, JobRecord.model_validate_json(file.read_bytes())))
        except (OSError, ValidationError):
            continue
    return found


@contextmanager
def locked(directory: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the stack's lock; the system frees it however this process ends. Raises Failure after a time."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / "stack.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise Failure(f"{directory} cannot be used: {error.strerror}") from error
    try:
        _acquire(handle, directory, timeout_s)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, directory: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Failure(f"another `wiregraph stack` is at work in {directory}: wait for it to end") from None
            time.sleep(0.1)
        else:
            return
