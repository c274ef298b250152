"""The job of a replay: started or found again, followed to its end, stopped with a savepoint when interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable

from jobs.replay_plan import REPLAY, ReplayPlan
from wiregraph import flink_rest, jobs_control, replay_offsets, snapshots
from wiregraph.errors import Failure
from wiregraph.jobs_control import JobRequest
from wiregraph.replay_progress import Step, Stepper
from wiregraph.replay_request import ReplayRequest
from wiregraph.stack import JobRecord, read_jobs

POLL_S, STEPS = 0.5, 4
"""The pause between two looks at Flink, and how many come between two looks at Kafka."""

Watch = Callable[[Step], None]
"""Takes how far a replay is, about twice a second; what it raises ends the job."""


def run_job(request: ReplayRequest, plan: ReplayPlan, watch: Watch) -> None:
    """Until everything is in the changelog; raises Failure, also when interrupted."""
    record = _running(request) or jobs_control.start(request.directory, _job_request(request))
    try:
        stepper = Stepper(plan, plan.records - _records_left(request, plan))
        while not _is_done(request, plan, record):
            for _ in range(STEPS):
                watch(stepper.step(record))
                time.sleep(POLL_S)
                if request.done.exists():
                    break
            stepper.check(record)
    except KeyboardInterrupt:
        raise Failure(_interrupted(request, record)) from None
    except Failure:
        jobs_control.end(request.directory, record)
        raise
    (request.directory / "jobs" / f"{record.name}.json").unlink(missing_ok=True)


def _running(request: ReplayRequest) -> JobRecord | None:
    """The job of a command that was killed, where it runs on a cluster."""
    found = [record for _, record in read_jobs(request.directory) if record.name == request.job and record.cluster]
    return next(filter(jobs_control.is_alive, found), None)


def _job_request(request: ReplayRequest) -> JobRequest:
    return JobRequest(
        job=REPLAY,
        bootstrap=request.kafka["bootstrap_servers"],
        graph=request.graph,
        parallelism=request.slots,
        savepoint=None if request.wish.from_facts else "",
        kafka_config=request.kafka_config,
        cluster=request.cluster,
        python=request.python,
        plan=request.file,
        models=request.wish.models,
    )


def _is_done(request: ReplayRequest, plan: ReplayPlan, record: JobRecord) -> bool:
    """Whether all is in the changelog; raises Failure where the job ended otherwise.

    The job leaves a file when it ends. A restored one may never do so: Flink's Kafka source does not tell its readers
    that there are no more partitions. What a checkpoint has committed is in the changelog, so the ends tell, too.
    """
    if not request.done.exists() and not _records_left(request, plan):
        jobs_control.end(request.directory, record)
        request.done.touch()
    if not request.done.exists() and not jobs_control.is_alive(record):
        _check_ending(request, record)
    return request.done.exists()


def _records_left(request: ReplayRequest, plan: ReplayPlan) -> int:
    """What no checkpoint has committed, as far as Kafka tells; a replay from facts has no checkpoints."""
    try:
        return plan.records if plan.from_facts else replay_offsets.records_left(request.kafka, plan)
    except Failure:  # The broker is away: the job waits for it, and so does this.
        return plan.records


def _check_ending(request: ReplayRequest, record: JobRecord) -> None:
    if record.cluster:
        states = [job.state for job in flink_rest.jobs(record.cluster) if job.job_id == record.job_id]
        if states != [flink_rest.FINISHED]:
            raise Failure(f"{record.name} ended on {record.cluster}: {', '.join(states).lower() or 'it is gone'}")
        request.done.touch()
    elif not request.done.exists():  # It may have come after the first look.
        raise Failure(f"{record.name} ended: {jobs_control.last_words(request.directory, record.name)}")


def _interrupted(request: ReplayRequest, record: JobRecord) -> str:
    """Stop the job; gives what to say."""
    again = "the same command goes on from there"
    try:
        if request.wish.from_facts:
            jobs_control.end(request.directory, record)
            return "interrupted: the same command begins again"
        jobs_control.stop(request.directory, record.name, None)
    except (Failure, KeyboardInterrupt):
        jobs_control.end(request.directory, record)
        if not snapshots.newest_snapshot(request.state):
            return "interrupted before the first checkpoint: the same command begins again"
        return f"interrupted, the newest checkpoint stays: {again}"
    finally:
        # A job that stops with a savepoint ends as well as one that has read all.
        request.done.unlink(missing_ok=True)
    return f"interrupted, a savepoint is taken: {again}"
