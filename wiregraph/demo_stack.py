"""The demo's own stack: from a clean directory to running jobs, and all of it down again."""

from __future__ import annotations

import fcntl
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from wiregraph import jobs_control, processes, stack_control
from wiregraph.errors import Failure, UsageError
from wiregraph.jobs_control import JobRequest
from wiregraph.stack import Stack, read_jobs
from wiregraph.stack_control import Say, Wish

MARKER = "demo.txt"
"""A file that says that a directory is a demo's and may be removed by the next one."""
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked the demo to stop; `code` is what it exits with. Nothing but the end handles it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Turns signals that ask to stop into `Stopped`, until the block ends."""
    before = {number: signal.signal(number, _stop) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    _ignore_stops()
    raise Stopped(number)


def _ignore_stops() -> None:
    """From now on a second, impatient signal cannot interrupt the stopping and leave processes behind."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def demo_stack(directory: Path, jobs: Sequence[str], say: Say) -> Iterator[Stack]:
    """A fresh stack with the jobs in `directory`, stopped at the end whatever happens."""
    with _alone(directory):
        clean(directory, say)
        try:
            stack = stack_control.up(Wish(directory), say)
            start_jobs(directory, stack, jobs, say)
            yield stack
        finally:
            _ignore_stops()
            say("stopping what the demo started")
            stack_control.down(directory, _silent)


def _silent(_line: str) -> None:
    return


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Holds a lock beside the directory, so that no second demo clears it; raises Failure where one runs."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"a demo runs in {directory} already: stop it or choose another --dir") from None
        yield


def clean(directory: Path, say: Say) -> None:
    """Make the directory anew; raises UsageError where it holds what no demo has made."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file: choose another --dir")
    if directory.is_dir() and any(directory.iterdir()):
        if not (directory / MARKER).is_file():
            raise UsageError(f"{directory} holds something that no demo has made: choose another --dir")
        stack_control.down(directory, say)
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).write_text("Made by `wiregraph demo`, which removes it when it starts again.\n", "utf-8")


def start_jobs(directory: Path, stack: Stack, jobs: Sequence[str], say: Say) -> None:
    """Start jobs side by side on a stack; returns once every task of them runs."""
    say(f"starting {' and '.join(jobs)}")
    records = [jobs_control.start(directory, JobRequest(job, stack.bootstrap)) for job in jobs]
    for record in records:
        jobs_control.await_running(directory, record)


def check_jobs(directory: Path) -> None:
    """Raise Failure with the last words of a job that has ended."""
    for _, record in read_jobs(directory):
        if not processes.is_alive(record):
            log = directory / "logs" / f"{record.name}.log"
            raise Failure(f"the job {record.name} ended: {processes.last_words(log)}")
