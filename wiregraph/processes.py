"""Child processes that outlive the command that started them: start, recognise, stop.

A process is known by its pid and the time it started, so that a pid that the system has given to
somebody else is never signalled. Each child carries a mark in its environment, so that what an
interrupted command never wrote down is found all the same.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

MARK = "WIREGRAPH_PROCESS"
"""Environment variable of a child: the stack's directory, a bar, the process's name."""

STARTED_TOLERANCE_S = 2.0
"""The system derives a start time from its clock, which may be corrected by a little."""

LOG_BYTES_MAX = 10 * 1024 * 1024
_TAIL_BYTES = 64 * 1024
_STARTING = "--- starting"
_STACK_FRAME = ("at ", "... ")
"""How the lines of a Java stack trace begin, which say less than the one above them."""


class ProcessRecord(BaseModel):
    """A process as it is written down; `started` is in epoch seconds, `port` 0 where it has none."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: float
    port: int = 0


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: `directory` is the stack's, `log` takes what the child writes."""

    name: str
    argv: Sequence[str | Path]
    directory: Path
    log: Path
    port: int = 0


def spawn(launch: Launch, cwd: Path) -> ProcessRecord:
    """Start a child in a session of its own; raises OSError where its program cannot be run."""
    _rotate(launch.log)
    with launch.log.open("ab") as log:
        begin = "\n" if log.tell() else ""  # The last line of one that was killed may have no end.
        log.write(f"{begin}{_STARTING} {launch.name}\n".encode())
        log.flush()
        child = subprocess.Popen(  # noqa: S603 - the arguments are ours, and no shell reads them
            list(launch.argv),
            cwd=cwd,
            env={**os.environ, MARK: mark(launch.directory, launch.name)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return ProcessRecord(name=launch.name, pid=child.pid, started=started_at(child.pid), port=launch.port)


def mark(directory: Path, name: str) -> str:
    """The value of `MARK` for a process of a stack."""
    return f"{directory.resolve()}|{name}"


def started_at(pid: int) -> float:
    """When a process started, in epoch seconds; 0 where it is gone."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def find(record: ProcessRecord) -> psutil.Process | None:
    """The running process of a record, or None where it has ended."""
    try:
        process = psutil.Process(record.pid)
        same = abs(process.create_time() - record.started) <= STARTED_TOLERANCE_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def is_alive(record: ProcessRecord) -> bool:
    """Whether the process of a record still runs."""
    return find(record) is not None


def rss(process: psutil.Process) -> int:
    """Bytes of memory that a process and its descendants hold resident."""
    return sum(_rss_of(member) for member in [process, *_descendants(process)])


def _rss_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def stop(record: ProcessRecord, grace_s: float = 20.0) -> bool:
    """End a process and all that it started: SIGTERM, then SIGKILL after `grace_s`; False where it had ended."""
    process = find(record)
    if process is None:
        return False
    end(process, grace_s)
    return True


def end(process: psutil.Process, grace_s: float) -> None:
    """End a process politely, then whatever is left of it and its descendants."""
    family = [process, *_descendants(process)]
    _signal([process], psutil.Process.terminate)
    psutil.wait_procs([process], timeout=grace_s)
    _, left = psutil.wait_procs(family, timeout=1.0)
    _signal(left, psutil.Process.kill)
    psutil.wait_procs(left, timeout=5.0)


def strays(directory: Path, names: Iterable[str], known: Iterable[ProcessRecord]) -> list[psutil.Process]:
    """Marked processes of a stack that nothing running and known has started; no `names` means any."""
    wanted = {mark(directory, name) for name in names}
    prefix = mark(directory, "")
    accounted = {os.getpid()}
    for process in filter(None, map(find, known)):
        accounted |= {process.pid, *(child.pid for child in _descendants(process))}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in accounted
        and (value := _mark_of(process)).startswith(prefix)
        and (not wanted or value in wanted)
    ]


def _mark_of(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except (psutil.Error, OSError):
        return ""


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(processes: Iterable[psutil.Process], send: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        try:
            send(process)
        except psutil.NoSuchProcess:
            continue


def _rotate(log: Path) -> None:
    """Keep one older log where this one has grown."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(log.suffix + ".1"))


def last_line(log: Path) -> str:
    """The last line that a process wrote since it was started, for an error message; empty where it wrote none."""
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines()]
    last = next((line for line in reversed(lines) if line and not line.startswith(_STACK_FRAME)), "")
    return "" if last.startswith(_STARTING) else last


def last_words(log: Path, cause: str = "") -> str:
    """Why a process ended, for an error message: the cause that its log gives, if one is known, else its last line."""
    return f"{cause or last_line(log) or 'killed, or it said nothing'} (see {log})"
