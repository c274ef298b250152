"""What was asked of a replay, where its files lie, and the plan: a fresh one, or the one to go on with.

DIR/replays holds of each replay NAME.json, its plan; NAME.done, once the job has ended well; NAME.complete, once
its graph is applied, too; and NAME.lock, which keeps two commands from writing one graph.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jobs.replay_plan import REPLAY, ReplayPlan, done_file
from serving.progress import ProgressError
from serving.store import LIVE, StoreError, graph_directory
from udfs.topics import NEWS_GRAPH, consumer_group, graph_spec, graph_topic
from wiregraph import replay_offsets
from wiregraph.errors import Failure, UsageError
from wiregraph.graphs_control import stored_progress
from wiregraph.stack import plan_file
from wiregraph.topics_admin import create_missing, forget_groups, record_counts

SLOTS_MAX = 4
"""So many share the buffers and the heap of a small embedded cluster well."""


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to replay and how; `wish` is a plan whose offsets are still to be found, `kafka` kafka-python's options."""

    directory: Path
    wish: ReplayPlan
    kafka: dict[str, Any]
    kafka_config: Path | None = None
    parallelism: int | None = None
    cluster: str = ""
    python: str = sys.executable

    @property
    def slots(self) -> int:
        """How many the job has: as asked for, else one, from facts one a core of this machine."""
        here = self.wish.from_facts and not self.cluster
        return self.parallelism or (min(SLOTS_MAX, len(os.sched_getaffinity(0))) if here else 1)

    @property
    def graph(self) -> str:
        """The graph's name."""
        return self.wish.graph

    @property
    def job(self) -> str:
        """The job's name in the registry."""
        return f"{REPLAY}.{self.graph}"

    @property
    def store(self) -> Path:
        """Where the graph's store lies."""
        return graph_directory(self.directory / "store", self.graph)

    @property
    def file(self) -> Path:
        """Where the plan lies."""
        return plan_file(self.directory, self.graph)

    @property
    def done(self) -> Path:
        """There once the job has ended well."""
        return done_file(self.file)

    @property
    def complete(self) -> Path:
        """There once all is applied."""
        return self.file.with_suffix(".complete")

    @property
    def state(self) -> Path:
        """The job's checkpoints."""
        return self.directory / "state" / self.job


def check_name(request: ReplayRequest) -> None:
    """Raises UsageError for what cannot be a replay's graph."""
    try:
        path = request.store
    except ValueError as error:
        raise UsageError(f"--graph: {error}") from error
    if path.name == LIVE:
        raise UsageError("--graph: the live graph is the live jobs' own, choose another name")


@contextmanager
def locked(request: ReplayRequest) -> Iterator[None]:
    """Hold a graph's lock; the system frees it however this process ends. Raises Failure where another has it."""
    request.file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(request.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Failure(f"another `wiregraph replay` writes graph {request.graph!r}: wait for it to end") from None
    finally:
        os.close(handle)


def settled_plan(request: ReplayRequest) -> ReplayPlan:
    """The plan to go on with, else a fresh one; raises Failure where the graph's name is taken."""
    topic = graph_topic(request.graph)
    changelog_id = replay_offsets.topic_id(request.kafka, topic)
    plan = _written(request)
    if plan and changelog_id and plan.changelog_id == changelog_id:
        _check_resumable(request, plan)
        return plan
    if changelog_id and any(count.records for count in record_counts(request.kafka, [topic])):
        raise _taken(request, "holds rows already")
    return _fresh(request)


def _written(request: ReplayRequest) -> ReplayPlan | None:
    try:
        return ReplayPlan.model_validate_json(request.file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _check_resumable(request: ReplayRequest, plan: ReplayPlan) -> None:
    if request.complete.exists():
        raise _taken(request, "is there already, complete")
    if plan.asked_for != request.wish.asked_for:
        raise _taken(request, "is being built by a replay with other options: give the same ones to go on with it")


def _taken(request: ReplayRequest, why: str) -> Failure:
    drop = f"`wiregraph graph drop {request.graph}`"
    return Failure(f"graph {request.graph!r} {why}; {drop} takes it away, or choose another name")


def _fresh(request: ReplayRequest) -> ReplayPlan:
    """Find the offsets, and make the topic and the plan; nothing is left of an earlier graph of this name."""
    wish, topic = request.wish, graph_topic(request.graph)
    find = replay_offsets.fact_spans if wish.from_facts else replay_offsets.article_spans
    spans = find(request.kafka, wish)
    forget_groups(request.kafka, [consumer_group(NEWS_GRAPH, request.graph)])
    for old in (request.file, request.done, request.complete):
        old.unlink(missing_ok=True)
    shutil.rmtree(request.state, ignore_errors=True)
    create_missing(request.kafka, [graph_spec(request.graph)])
    found = {
        "changelog_id": replay_offsets.topic_id(request.kafka, topic),
        "inputs": spans.inputs,
        "rows": spans.rows,
        "counts": wish.from_facts and _holds_all(request),
    }
    plan = wish.model_copy(update=found)
    fresh = request.file.with_suffix(".new")
    fresh.write_text(plan.model_dump_json(indent=2) + "\n", "utf-8")
    fresh.replace(request.file)
    return plan


def _holds_all(request: ReplayRequest) -> bool:
    """Whether nothing of the live graph lies outside of the range, nor any record of the topics by its time."""
    try:
        live = stored_progress(graph_directory(request.directory / "store", LIVE))
    except (StoreError, ProgressError):
        return False
    times = [time_ms for time_ms in (live.first_event_ms, live.latest_event_ms) if time_ms is not None]
    return all(map(request.wish.range.holds, times)) and replay_offsets.all_within(request.kafka, request.wish)
