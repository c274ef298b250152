"""A replay from its plan to the applied graph: a job over fixed offsets, and an applier for as long as it takes."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jobs.replay_plan import ReplayPlan
from serving.progress import Progress, ProgressError, reached
from serving.store import StoreError
from wiregraph import processes, replay_offsets
from wiregraph.broker import ROOT
from wiregraph.errors import Failure
from wiregraph.graphs_control import stored_progress
from wiregraph.processes import Launch, ProcessRecord
from wiregraph.replay_job import POLL_S, Watch, run_job
from wiregraph.replay_progress import APPLYING, Step
from wiregraph.replay_request import ReplayRequest, check_name, locked, settled_plan

GRACE_S = 20.0
WATERMARK_S = 30.0
"""So long the applier may take to move the watermark on when all is applied."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did; `records` are the offsets of its plan, `seconds` this command's own."""

    graph: str
    records: int
    facts: int
    entities: int
    latest_event_ms: int | None
    watermark_ms: int | None
    seconds: float


def replay(request: ReplayRequest, watch: Watch) -> Replayed:
    """Run a replay to its end, or go on with it; raises UsageError, and Failure, also when interrupted."""
    start_s = time.monotonic()
    check_name(request)
    with locked(request):
        _end_leftovers(request)
        plan = settled_plan(request)
        with _applier(request, plan) as applier:
            if not request.done.exists():
                run_job(request, plan, lambda step: _watched(request, applier, watch, step))
            progress = _await_applied(request, plan, applier, watch)
        request.complete.touch()
        shutil.rmtree(request.state, ignore_errors=True)
    seconds = round(time.monotonic() - start_s, 3)
    return Replayed(
        graph=plan.graph,
        records=plan.records,
        facts=progress.facts,
        entities=progress.entities,
        latest_event_ms=progress.latest_event_ms,
        watermark_ms=progress.watermark_ms,
        seconds=seconds,
    )


def _end_leftovers(request: ReplayRequest) -> None:
    """What a killed command left running, which the lock says nobody else is following; not a job on a cluster."""
    for process in processes.strays(request.directory, (_applier_name(request), request.job), ()):
        processes.end(process, GRACE_S)


def _applier_name(request: ReplayRequest) -> str:
    return f"applier.{request.graph}"


@contextmanager
def _applier(request: ReplayRequest, plan: ReplayPlan) -> Iterator[ProcessRecord]:
    """The graph's own applier while a replay runs."""
    name = _applier_name(request)
    store = str((request.directory / "store").absolute())
    options = ["--bootstrap", request.kafka["bootstrap_servers"], "--store", store, "--graph", request.graph]
    options += ["--until-ms", str(plan.to_ms)]
    config = ["--kafka-config", str(request.kafka_config.absolute())] if request.kafka_config else []
    argv = [sys.executable, "-m", "serving.applier", *options, *config]
    log = request.directory / "logs" / f"{name}.log"
    record = processes.spawn(Launch(name, argv, request.directory, log), ROOT)
    try:
        yield record
    finally:
        processes.stop(record, GRACE_S)


def _watched(request: ReplayRequest, applier: ProcessRecord, watch: Watch, step: Step) -> None:
    _check_applier(request, applier)
    watch(step)


def _check_applier(request: ReplayRequest, applier: ProcessRecord) -> None:
    if not processes.is_alive(applier):
        log = request.directory / "logs" / f"{applier.name}.log"
        raise Failure(f"the {applier.name} ended: {processes.last_words(log)}")


def _await_applied(request: ReplayRequest, plan: ReplayPlan, applier: ProcessRecord, watch: Watch) -> Progress:
    """Until the applier has written all rows of the changelog and, if it comes, the watermark."""
    ends = replay_offsets.ends_of(request.kafka, plan.graph)
    replay_offsets.settle(request.kafka, plan)
    try:
        while (progress := _stored(request)) is None or not reached(progress.offsets, ends):
            _check_applier(request, applier)
            watch(Step(APPLYING, sum(progress.offsets.values()) if progress else 0, sum(ends.values())))
            time.sleep(POLL_S)
        return _with_watermark(request, plan, progress)
    except KeyboardInterrupt:
        raise Failure("interrupted, all is read: the same command applies what is left") from None


def _with_watermark(request: ReplayRequest, plan: ReplayPlan, progress: Progress) -> Progress:
    """It comes a moment later, and lower where inputs are still coming in; nothing else waits for it."""
    deadline = time.monotonic() + WATERMARK_S
    expected = min(replay_offsets.watermark_of(request.kafka, plan.graph) or 0, plan.to_ms)
    while expected and (progress.watermark_ms or 0) < expected and time.monotonic() < deadline:
        time.sleep(POLL_S)
        progress = _stored(request) or progress
    return progress


def _stored(request: ReplayRequest) -> Progress | None:
    """How far the graph's store is; None while there is none."""
    try:
        return stored_progress(request.store)
    except (StoreError, ProgressError):
        return None
