"""The job of a replay, as far as it needs no Flink."""

from pathlib import Path

import pytest

from jobs.replay_plan import ReplayPlan
from wiregraph import jobs_control
from wiregraph.errors import Failure
from wiregraph.replay_job import _interrupted
from wiregraph.replay_request import ReplayRequest
from wiregraph.stack import JobRecord


def test_a_job_that_was_stopped_is_not_taken_for_one_that_has_read_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ReplayRequest(tmp_path, ReplayPlan(graph="again", topics=("news",), from_ms=0, to_ms=9), {})
    request.done.parent.mkdir()
    # With a savepoint a job ends well, and says so by its file.
    monkeypatch.setattr(jobs_control, "stop", lambda *_: request.done.touch())
    assert "a savepoint is taken" in _interrupted(request, JobRecord(name=request.job, started=0.0))
    assert not request.done.exists()


def test_an_interrupted_job_promises_no_checkpoint_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ReplayRequest(tmp_path, ReplayPlan(graph="again", topics=("news",), from_ms=0, to_ms=9), {})

    def stop(*_: object) -> None:
        raise Failure("it is only starting")

    monkeypatch.setattr(jobs_control, "stop", stop)
    monkeypatch.setattr(jobs_control, "end", lambda *_: None)
    record = JobRecord(name=request.job, started=0.0)
    assert "begins again" in _interrupted(request, record)
    saved = request.state / "checkpoints" / "a" / "chk-1" / "_metadata"
    saved.parent.mkdir(parents=True)
    saved.touch()
    assert "the newest checkpoint stays" in _interrupted(request, record)
