"""Start, find and stop Flink jobs: on an embedded cluster, each in a process of its own, or on a session cluster.

A job registers in DIR/jobs, its state lies in DIR/state/NAME, its logs in DIR/logs. A job started
again goes on from its newest checkpoint or savepoint; without one it reads its topics from the
beginning, which gives the same graph, for every upsert is idempotent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from jobs.replay_plan import REPLAY
from udfs.topics import CLICK_FRAUD, NEWS_GRAPH, consumer_group
from wiregraph import flink_rest, ports, processes, snapshots
from wiregraph.broker import ROOT, jars_directory
from wiregraph.errors import Failure, UsageError
from wiregraph.flink_rest import FlinkJob
from wiregraph.kafka_config import kafka_options
from wiregraph.processes import Launch
from wiregraph.pseudonym_key import ensure_key
from wiregraph.stack import JobRecord, read_jobs
from wiregraph.topics_admin import forget_groups

MODULES = {NEWS_GRAPH: "jobs.news_graph", CLICK_FRAUD: "jobs.click_fraud", REPLAY: "jobs.replay"}
"""Jobs by the name that a user gives, and the module that runs each."""
START_TIMEOUT_S = 900.0
"""A loaded machine takes minutes; a job that cannot run says so before, see `FAILURES_MAX`."""
FAILURES_MAX = 3
SAVEPOINT_TIMEOUT_S = 300.0
EXIT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What to start: `savepoint` is a path to restore from, "" the newest there is, None nothing at all.

    `pseudonym_key` and `cascade` are the click job's: its secret, by default the stack's own, and its models.
    `cluster` is the HOST:PORT of a session cluster's REST API, `python` the Python of its machines. `plan` is a
    replay's, `models` the folder of the models, by default the one that the environment names.
    """

    job: str
    bootstrap: str
    graph: str = ""
    parallelism: int = 1
    savepoint: str | None = ""
    kafka_config: Path | None = None
    pseudonym_key: Path | None = None
    cascade: bool = True
    cluster: str = ""
    python: str = sys.executable
    plan: Path | None = None
    models: str = ""

    @property
    def name(self) -> str:
        """The job's name in the registry, in Flink and of its state: JOB or JOB.GRAPH."""
        return f"{self.job}.{self.graph}" if self.graph else self.job


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A registered job; `state` is Flink's, or `STARTING` before it answers, or `DEAD`; `pid` 0 on a cluster."""

    name: str
    state: str
    pid: int
    rest: str
    job_id: str
    uptime_s: float


def start(directory: Path, request: JobRequest) -> JobRecord:
    """Spawn a job's process, or submit it to its cluster; raises Failure where that job runs already."""
    if request.job not in MODULES:
        raise UsageError(f"there is no job {request.job}: choose one of {', '.join(MODULES)}")
    running = next((record for _, record in _alive(directory) if record.name == request.name), None)
    if running:
        where = f"on {running.cluster}" if running.cluster else f"pid {running.pid}"
        raise Failure(f"{request.name} already runs: {where}; `wiregraph job stop {request.name}` ends it")
    if request.savepoint is None:
        # Until its first checkpoint, what an earlier run had committed would say that all is in the changelog.
        kafka = kafka_options(directory, request.bootstrap, request.kafka_config)
        forget_groups(kafka, [consumer_group(request.job, request.graph)])
    record = _submitted(directory, request) if request.cluster else _spawned(directory, request)
    _register(directory, record)
    return record


def _spawned(directory: Path, request: JobRequest) -> JobRecord:
    port = ports.choose(None, 0)
    launch = Launch(
        request.name, _command(directory, request, port), directory, log_file(directory, request.name), port
    )
    return JobRecord(**processes.spawn(launch, ROOT).model_dump())


def _submitted(directory: Path, request: JobRequest) -> JobRecord:
    """Hand a job to its cluster; raises Failure where that does not answer or refuses."""
    flink_rest.jobs(request.cluster)
    log, started = log_file(directory, request.name), time.time()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        argv = _command(directory, request, 0)
        done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=file, check=False)  # noqa: S603 - as in `processes.spawn`
    if done.returncode:
        raise Failure(f"{request.name} was not submitted to {request.cluster}: {last_words(directory, request.name)}")
    job_id = done.stdout.decode().split()[-1]
    return JobRecord(name=request.name, started=started, cluster=request.cluster, job_id=job_id)


def _command(directory: Path, request: JobRequest, port: int) -> list[str]:
    plan = [str(request.plan.absolute())] if request.plan else []
    return [sys.executable, "-m", MODULES[request.job], *plan, *_arguments(directory, request, port)]


def _state(directory: Path, name: str) -> Path:
    return directory.absolute() / "state" / name


def log_file(directory: Path, name: str) -> Path:
    """Of a job's process."""
    return directory / "logs" / f"{name}.log"


def _arguments(directory: Path, request: JobRequest, port: int) -> list[str]:
    state = _state(directory, request.name)
    options = {
        "--bootstrap": request.bootstrap,
        "--state-dir": str(state),
        "--log-dir": str(directory.absolute() / "logs" / request.name),
        "--jars": str(jars_directory()),
        "--graph": request.graph,
        "--parallelism": str(request.parallelism),
        "--rest-port": str(port),
        "--cluster": request.cluster,
        "--python": request.python,
        "--restore-from": snapshots.restore_from(state, request.savepoint, claims=request.job == CLICK_FRAUD),
        "--models": request.models or os.environ.get("WIREGRAPH_MODELS", ""),
        "--kafka-config": str(request.kafka_config.absolute()) if request.kafka_config else "",
    }
    given = [f"{name}={value}" for name, value in options.items() if value]
    return [*given, *_click_arguments(directory, request)] if request.job == CLICK_FRAUD else given


def _click_arguments(directory: Path, request: JobRequest) -> list[str]:
    key = request.pseudonym_key or ensure_key(directory)
    return [f"--pseudonym-key={key.absolute()}", *([] if request.cascade else ["--no-cascade"])]


def _uri(place: str) -> str:
    """A path as the user means it, who may stand elsewhere than the job's process; a URI, or nothing, as it is."""
    return place if not place or ":" in place else Path(place).absolute().as_uri()


def _register(directory: Path, record: JobRecord) -> None:
    folder = directory / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{record.name}.json").write_text(record.model_dump_json() + "\n", "utf-8")


def await_running(directory: Path, record: JobRecord) -> None:
    """Wait until every task of a job runs; raises Failure with the reason where it ends or fails again and again."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if not is_alive(record):
            raise Failure(f"{record.name} ended: {last_words(directory, record.name)}")
        job = _flink_job(record)
        if job and job.at_work:
            return
        reasons = flink_rest.failures(record.rest, job.job_id) if job else []
        if len(reasons) >= FAILURES_MAX:
            raise Failure(f"{record.name} fails again and again: {reasons[0]} (see {log_file(directory, record.name)})")
        time.sleep(0.5)
    raise Failure(f"{record.name} did not run after {START_TIMEOUT_S:.0f} s: see {directory / 'logs'}")


def is_alive(record: JobRecord) -> bool:
    """Whether a job's process runs, or its cluster still has it at work."""
    if not record.cluster:
        return processes.is_alive(record)
    job = _flink_job(record)
    return job is not None and job.state not in flink_rest.ENDED


def last_words(directory: Path, name: str) -> str:
    """Why a job's process ended, by its log."""
    log = log_file(directory, name)
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    cause = next((line for line in reversed(lines) if line.startswith("Caused by:")), "")
    return processes.last_words(log, cause)


def list_jobs(directory: Path) -> list[JobStatus]:
    """Every registered job, by name."""
    return [_status(record) for _, record in read_jobs(directory)]


def _status(record: JobRecord) -> JobStatus:
    alive = is_alive(record)
    job = _flink_job(record) if alive or record.cluster else None
    state = job.state if job else "STARTING" if alive else "DEAD"
    uptime_s = max(0.0, time.time() - record.started) if alive else 0.0
    job_id = job.job_id if job else record.job_id
    return JobStatus(record.name, state, record.pid, record.rest, job_id, round(uptime_s, 1))


def _flink_job(record: JobRecord) -> FlinkJob | None:
    """What Flink says of a job; of an embedded cluster's only one, or of the one that was submitted."""
    try:
        found = flink_rest.jobs(record.rest)
    except Failure:
        return None
    own = [job for job in found if record.job_id in ("", job.job_id)]
    return max(own, key=lambda job: job.started_ms, default=None)


def _alive(directory: Path) -> Iterator[tuple[Path, JobRecord]]:
    return ((file, record) for file, record in read_jobs(directory) if is_alive(record))


def _running(directory: Path, name: str) -> tuple[Path, JobRecord, FlinkJob]:
    for file, record in _alive(directory):
        job = _flink_job(record) if record.name == name else None
        if job and job.state not in flink_rest.ENDED:
            return file, record, job
    raise Failure(f"no job {name} runs in {directory}: see `wiregraph job list`")


def _target(directory: Path, name: str, target: str | None) -> str:
    """Where a savepoint goes; a cluster's own configuration need not say."""
    return _uri(target or str(_state(directory, name) / "savepoints"))


def take_savepoint(directory: Path, name: str, target: str | None) -> str:
    """A savepoint of a running job; gives its path."""
    _, record, job = _running(directory, name)
    return flink_rest.savepoint(record.rest, job.job_id, _target(directory, name, target), SAVEPOINT_TIMEOUT_S)


def stop(directory: Path, name: str, target: str | None) -> str:
    """Stop a running job with a savepoint and wait for its process to end; gives the savepoint's path."""
    file, record, job = _running(directory, name)
    location = flink_rest.stop(record.rest, job.job_id, _target(directory, name, target), SAVEPOINT_TIMEOUT_S)
    process = processes.find(record)
    if process:
        psutil.wait_procs([process], timeout=EXIT_TIMEOUT_S)
    processes.stop(record)
    file.unlink(missing_ok=True)
    return location


def end(directory: Path, record: JobRecord) -> None:
    """End a job at once; its newest checkpoint stays and the next start goes on from it."""
    if record.cluster:
        flink_rest.cancel(record.cluster, record.job_id)
    else:
        processes.stop(record, grace_s=5.0)
    (directory / "jobs" / f"{record.name}.json").unlink(missing_ok=True)
