"""Jobs: what one restores from, and clear words where it cannot be started."""

import sys
from pathlib import Path

import pytest

from wiregraph import jobs_control, processes
from wiregraph.errors import Failure, UsageError
from wiregraph.jobs_control import JobRequest, list_jobs, start
from wiregraph.processes import Launch
from wiregraph.stack import JobRecord

REQUEST = JobRequest("news-graph", "127.0.0.1:1")


def spawned(directory: Path, code: str) -> JobRecord:
    launch = Launch("news-graph", [sys.executable, "-c", code], directory, directory / "log")
    return JobRecord(**processes.spawn(launch, directory).model_dump())


def test_an_unknown_job(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="news-graph"):
        start(tmp_path, JobRequest("nonsense", "127.0.0.1:1"))


def test_a_savepoint_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREGRAPH_JARS", str(tmp_path))
    with pytest.raises(UsageError, match="_metadata"):
        start(tmp_path, JobRequest("news-graph", "127.0.0.1:1", savepoint=str(tmp_path)))


def test_a_job_that_runs_already_is_not_started_again(tmp_path: Path) -> None:
    record = spawned(tmp_path, "import time; time.sleep(60)")
    try:
        jobs_control._register(tmp_path, record)
        assert [job.state for job in list_jobs(tmp_path)] == ["STARTING"]
        with pytest.raises(Failure, match="already runs"):
            start(tmp_path, REQUEST)
    finally:
        jobs_control.end(tmp_path, record)
    assert list_jobs(tmp_path) == []


def test_a_dead_job_is_listed_as_dead(tmp_path: Path) -> None:
    record = spawned(tmp_path, "")
    processes.stop(record)
    jobs_control._register(tmp_path, record)
    assert [(job.state, job.uptime_s) for job in list_jobs(tmp_path)] == [("DEAD", 0.0)]
    with pytest.raises(Failure, match="no job news-graph runs"):
        jobs_control.stop(tmp_path, "news-graph", None)
