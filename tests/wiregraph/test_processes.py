import sys
import time
from pathlib import Path

import psutil
import pytest

from wiregraph import processes
from wiregraph.processes import Launch, ProcessRecord

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
PARENT = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {SLEEP!r}]).pid, flush=True)
time.sleep(60)
"""


def start(directory: Path, code: str, name: str = "child") -> ProcessRecord:
    launch = Launch(name, [sys.executable, "-c", code], directory, directory / "logs" / f"{name}.log")
    return processes.spawn(launch, directory)


def await_environment(record: ProcessRecord) -> None:
    """Linux shows none for a moment while a program begins."""
    deadline = time.monotonic() + 20
    while not psutil.Process(record.pid).environ():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def said(directory: Path) -> str:
    deadline = time.monotonic() + 20
    while not (line := processes.last_line(directory / "logs" / "child.log")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return line


def test_a_child_is_stopped_once(tmp_path: Path) -> None:
    child = start(tmp_path, SLEEP)
    assert processes.is_alive(child)
    assert processes.stop(child)
    assert not processes.is_alive(child)
    assert not processes.stop(child)


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = start(tmp_path, STUBBORN)
    assert said(tmp_path) == "ready"
    assert processes.stop(child, grace_s=0.3)
    assert not psutil.pid_exists(child.pid)


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    child = start(tmp_path, PARENT)
    pid = int(said(tmp_path))
    grandchild = ProcessRecord(name="grandchild", pid=pid, started=processes.started_at(pid))
    assert processes.is_alive(grandchild)
    processes.stop(child)
    assert not processes.is_alive(grandchild)


def test_a_pid_that_somebody_else_has_now_is_left_alone(tmp_path: Path) -> None:
    child = start(tmp_path, SLEEP)
    earlier = child.model_copy(update={"started": child.started - 60})
    assert not processes.is_alive(earlier)
    assert not processes.stop(earlier)
    assert processes.is_alive(child)
    processes.stop(child)


def test_strays_are_found_by_their_mark(tmp_path: Path) -> None:
    known, stray = start(tmp_path, SLEEP, "known"), start(tmp_path, SLEEP, "stray")
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = start(elsewhere, SLEEP, "stray")
    try:
        for record in (known, stray, other):
            await_environment(record)
        assert [one.pid for one in processes.strays(tmp_path, (), [known])] == [stray.pid]
        assert [one.pid for one in processes.strays(tmp_path, ["known"], [stray])] == [known.pid]
        assert processes.strays(tmp_path, ["nobody"], []) == []
    finally:
        for record in (known, stray, other):
            processes.stop(record)


def test_children_of_what_is_known_are_no_strays(tmp_path: Path) -> None:
    child = start(tmp_path, PARENT)
    said(tmp_path)
    try:
        assert processes.strays(tmp_path, (), [child]) == []
        assert len(processes.strays(tmp_path, (), [])) == 2
    finally:
        processes.stop(child)


def test_the_last_line_is_of_the_latest_start(tmp_path: Path) -> None:
    child = start(tmp_path, "print('first', end='', flush=True)")  # As of one that was killed in a line.
    assert said(tmp_path) == "first"
    processes.stop(child)
    silent = start(tmp_path, "pass")
    assert processes.last_line(tmp_path / "logs" / "child.log") == ""
    processes.stop(silent)


def test_a_program_that_is_missing_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        processes.spawn(Launch("child", [str(tmp_path / "nowhere")], tmp_path, tmp_path / "child.log"), tmp_path)
