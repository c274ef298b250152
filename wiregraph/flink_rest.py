"""The part of Flink's REST API that the commands need: jobs, savepoints, stopping."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from wiregraph.errors import Failure

TIMEOUT_S = 10.0
POLL_S = 0.2
FINISHED, DONE = "FINISHED", "COMPLETED"
ENDED = frozenset({"FAILED", "CANCELED", FINISHED})


@dataclass(frozen=True, slots=True)
class FlinkJob:
    """A job as a cluster reports it; `running` of `tasks` are at work, `started_ms` is epoch milliseconds."""

    job_id: str
    name: str
    state: str
    tasks: int
    running: int
    started_ms: int

    @property
    def at_work(self) -> bool:
        """Whether every task of the job runs."""
        return self.state == "RUNNING" and self.running == self.tasks > 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a job that runs as one; `records` were read by it since it was started."""

    stage_id: str
    name: str
    state: str
    records: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that was begun at `triggered_ms` and, unless it is 0, completed at `ended_ms`; both in epoch ms."""

    number: int
    triggered_ms: int
    ended_ms: int


def jobs(address: str) -> list[FlinkJob]:
    """All jobs that a cluster remembers; raises Failure where it does not answer."""
    overview = _call(address, "/jobs/overview")["jobs"]
    return [
        FlinkJob(
            job_id=job["jid"],
            name=job["name"],
            state=job["state"],
            tasks=job["tasks"]["total"],
            running=job["tasks"]["running"],
            started_ms=job["start-time"],
        )
        for job in overview
    ]


def savepoint(address: str, job_id: str, directory: str, timeout_s: float) -> str:
    """Take a savepoint; gives its path."""
    body = {"cancel-job": False, "target-directory": directory}
    return _await(address, job_id, _call(address, f"/jobs/{job_id}/savepoints", body)["request-id"], timeout_s)


def stop(address: str, job_id: str, directory: str, timeout_s: float) -> str:
    """Stop a job with a savepoint; gives its path. PyFlink's own call for this is broken in 2.2.1."""
    body = {"drain": False, "targetDirectory": directory}
    return _await(address, job_id, _call(address, f"/jobs/{job_id}/stop", body)["request-id"], timeout_s)


def cancel(address: str, job_id: str) -> None:
    """End a job at once, unless it has just ended by itself; what it has written down stays."""
    try:
        _call(address, f"/jobs/{job_id}", method="PATCH")
    except Failure:
        if any(job.job_id == job_id and job.state not in ENDED for job in jobs(address)):
            raise


def slots(address: str) -> int:
    """How many task slots a cluster has in all."""
    return int(_call(address, "/overview")["slots-total"])


def failures(address: str, job_id: str) -> list[str]:
    """Why a job was started again, the latest first: the innermost cause of each failure."""
    history = _call(address, f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
    return [_innermost(entry["stacktrace"]) for entry in history]


def stages(address: str, job_id: str) -> list[Stage]:
    """The stages of a job, sources first."""
    found = _call(address, f"/jobs/{job_id}")["vertices"]
    return [Stage(one["id"], one["name"], one["status"], one["metrics"]["read-records"]) for one in found]


def checkpoints(address: str, job_id: str) -> list[Checkpoint]:
    """The latest ones of a job that are under way or completed, since its JobManager was started."""
    history = _call(address, f"/jobs/{job_id}/checkpoints")["history"]
    return [
        Checkpoint(one["id"], one["trigger_timestamp"], one["latest_ack_timestamp"] if one["status"] == DONE else 0)
        for one in history
        if one["status"] in {DONE, "IN_PROGRESS"}
    ]


def restarted_ms(address: str, job_id: str) -> int:
    """When a job last began to start again, epoch ms; 0 for never since it was submitted or its JobManager started.

    The metric numRestarts is no witness: once a TaskManager is gone, its JobManager may tell old numbers for ever.
    """
    return int(_call(address, f"/jobs/{job_id}")["timestamps"]["RESTARTING"])


def watermark(address: str, job_id: str, stage: Stage) -> int | None:
    """The event time in ms that a stage has reached in all its tasks, or None while it does not say."""
    found: Any = _call(address, f"/jobs/{job_id}/vertices/{stage.stage_id}/watermarks")  # Another list.
    return min((int(one["value"]) for one in found), default=None)


def _innermost(trace: str) -> str:
    causes = [line for line in trace.splitlines() if line.startswith("Caused by:")]
    return causes[-1].strip()[:300] if causes else _first_line(trace)


def _await(address: str, job_id: str, request_id: str, timeout_s: float) -> str:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = _call(address, f"/jobs/{job_id}/savepoints/{request_id}")
        if answer["status"]["id"] == DONE:
            return _location(answer["operation"])
        time.sleep(POLL_S)
    raise Failure(f"the savepoint was not done after {timeout_s:.0f} s: try again when the job keeps up")


def _location(operation: dict[str, Any]) -> str:
    if "failure-cause" in operation:
        raise Failure(f"the savepoint failed: {_first_line(operation['failure-cause'].get('stack-trace', ''))}")
    return str(operation["location"])


def _call(address: str, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://{address}/v1{path}", data=data, headers={"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        raise Failure(f"Flink at {address} refused: {_first_line(error.read().decode('utf-8', 'replace'))}") from error
    except (OSError, ValueError) as error:
        raise Failure(f"Flink at {address} does not answer: see `wiregraph job list`") from error


def _first_line(text: str) -> str:
    return next((line.strip()[:300] for line in text.splitlines() if line.strip()), "no reason given")
