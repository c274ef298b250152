"""A whole system on a session cluster of real processes, and what Flink tells of its jobs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.flink_cluster import TASK_MANAGER, Cluster, cluster
from tests.e2e.system import System, running_stack, wait_for
from udfs.topics import CLICK_FRAUD, NEWS_GRAPH
from wiregraph import flink_rest, jobs_control
from wiregraph.errors import Failure
from wiregraph.jobs_control import JobRequest
from wiregraph.stack import JobRecord, read_jobs

JOBS = (NEWS_GRAPH, CLICK_FRAUD)
TASK_MANAGERS = tuple(f"{TASK_MANAGER}-{number}" for number in range(len(JOBS)))
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Site:
    """The stack, and the cluster that its jobs run on."""

    system: System
    flink: Cluster

    def start_jobs(self) -> None:
        """Both, from their newest savepoints; the click job judges by its rules alone."""
        for job in JOBS:
            request = JobRequest(job, self.system.stack.bootstrap, cluster=self.flink.address, cascade=False)
            jobs_control.await_running(self.system.directory, jobs_control.start(self.system.directory, request))

    @property
    def jobs(self) -> list[JobRecord]:
        return [record for _, record in read_jobs(self.system.directory)]

    def workers(self) -> list[psutil.Process]:
        """The Python workers of the news job."""
        managers = [self.flink.running[name] for name in TASK_MANAGERS if name in self.flink.running]
        children = [child for manager in managers for child in manager.children(recursive=True)]
        return [child for child in children if is_worker(child)]

    def answers(self) -> bool:
        """Whether the JobManager does."""
        try:
            return flink_rest.slots(self.flink.address) >= 0
        except Failure:
            return False

    def at_work(self) -> bool:
        """Whether all tasks of all jobs run, with a slot each."""
        try:
            found = {job.job_id: job.at_work for job in flink_rest.jobs(self.flink.address)}
        except Failure:
            return False
        return all(found.get(record.job_id) for record in self.jobs)

    def restarted_ms(self) -> int:
        """When a job last began to start again, epoch ms."""
        return max(flink_rest.restarted_ms(self.flink.address, record.job_id) for record in self.jobs)

    def is_saving(self) -> bool:
        """Whether a checkpoint of the news job is under way."""
        (news,) = (record for record in self.jobs if record.name == NEWS_GRAPH)
        return any(not one.ended_ms for one in flink_rest.checkpoints(self.flink.address, news.job_id))

    def saved_ms(self, since_ms: int) -> int | None:
        """When all jobs had completed a checkpoint that was begun since then; epoch ms."""
        ended = []
        for record in self.jobs:
            try:
                found = flink_rest.checkpoints(self.flink.address, record.job_id)
            except Failure:
                return None
            ended.append(
                min((one.ended_ms for one in found if one.triggered_ms > since_ms and one.ended_ms), default=0)
            )
        return max(ended) if all(ended) else None

    def await_saved(self, since_ms: int) -> float:
        """Seconds from then to the checkpoints after it."""
        return (wait_for(lambda: self.saved_ms(since_ms), PATIENCE_S) - since_ms) / 1_000


def is_worker(process: psutil.Process) -> bool:
    try:
        return "beam_boot" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def running_site(folder: Path, *, keeps_jobs: bool) -> Iterator[Site]:
    """With both jobs at work."""
    cores = [sorted(os.sched_getaffinity(0))] * len(TASK_MANAGERS)
    with (
        cluster(folder / "flink", cores, keeps_jobs=keeps_jobs) as flink,
        running_stack(folder / "stack") as system,
    ):
        site = Site(system, flink)
        site.start_jobs()
        yield site
