"""The graphs of a stack: which there are, which one is served, and taking one away."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from serving import alert_keys
from serving.progress import Progress, ProgressError
from serving.served import serve, served_graph
from serving.store import (
    LIVE,
    GraphReader,
    GraphWriter,
    StoreError,
    StoreLockedError,
    graph_directory,
)
from udfs.topics import CLICK_FRAUD, NEWS_GRAPH, alerts_topic, consumer_group, graph_topic
from wiregraph import stack_control
from wiregraph.errors import Failure, UsageError
from wiregraph.jobs_control import is_alive
from wiregraph.kafka_config import kafka_options
from wiregraph.stack import plan_file, read_jobs
from wiregraph.stack_control import Say
from wiregraph.topics_admin import delete_topics, forget_groups


@dataclass(frozen=True, slots=True)
class GraphStatus:
    """A graph as `graph list` shows it; times in epoch ms, None where it has none. `state` says what it is good for."""

    name: str
    served: bool
    state: str
    facts: int
    entities: int
    latest_event_ms: int | None
    watermark_ms: int | None
    applied_at_ms: int
    store_bytes: int


READY, BUILDING, BROKEN = "ready", "building", "broken"


def list_graphs(directory: Path) -> list[GraphStatus]:
    """All graphs that have a store, by name, the live one first."""
    store = directory / "store"
    served = served_graph(store)
    paths = [path for path in store.iterdir() if path.is_dir() and _is_name(store, path.name)] if store.is_dir() else []
    return [_status(directory, path, served) for path in sorted(paths, key=lambda path: (path.name != LIVE, path.name))]


def _is_name(store: Path, name: str) -> bool:
    try:
        return graph_directory(store, name).name == name
    except ValueError:
        return False


def _status(directory: Path, path: Path, served: str) -> GraphStatus:
    size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
    try:
        progress = stored_progress(path)
    except (StoreError, ProgressError):
        return GraphStatus(path.name, path.name == served, BROKEN, 0, 0, None, None, 0, size)
    return GraphStatus(
        path.name,
        path.name == served,
        READY if progress.ready and not is_replaying(directory, path.name) else BUILDING,
        progress.facts,
        progress.entities,
        progress.latest_event_ms,
        progress.watermark_ms,
        progress.applied_at_ms,
        size,
    )


def stored_progress(path: Path) -> Progress:
    """How far a store is; raises `StoreError` or `ProgressError`."""
    with GraphReader(path) as reader:
        return reader.view().progress()


def promote(directory: Path, name: str, say: Say) -> None:
    """Make a graph the served one, and say what it lacks.

    Raises `UsageError` for an unknown one and `Failure` for one that is not ready.
    """
    store = directory / "store"
    path = _existing(store, name)
    if is_replaying(directory, name):
        raise Failure(f"graph {name!r} is being built by a replay: the same `wiregraph replay` goes on with it")
    try:
        ready = stored_progress(path).ready
    except (StoreError, ProgressError) as error:
        raise Failure(f"graph {name!r} cannot be served: {error}") from error
    if not ready:
        raise Failure(f"graph {name!r} is still being built: wait for its applier")
    before = store / served_graph(store)
    serve(store, name)
    say(f"graph {name!r} is served")
    decider = f"{CLICK_FRAUD}.{name}"
    if _has_alerts(before) and not _has_alerts(path) and all(job.name != decider for _, job in read_jobs(directory)):
        say(f"it has no alerts: `wiregraph job click-fraud --graph {name} --detach` decides on all clicks again")
    stack_control.follow_served(directory, say)


def is_replaying(directory: Path, name: str) -> bool:
    """Whether a replay makes a graph that is not over."""
    plan = plan_file(directory, name)
    return plan.exists() and not plan.with_suffix(".complete").exists()


def _has_alerts(path: Path) -> bool:
    try:
        with GraphReader(path) as reader:
            return any(True for _ in reader.view().scan_prefix(alert_keys.ROWS))
    except StoreError:
        return False


def drop(directory: Path, name: str, say: Say) -> None:
    """Take a graph's store and topics away; raises `UsageError` for an unknown one, `Failure` for one in use."""
    store = directory / "store"
    path = _existing(store, name)
    if name == served_graph(store):
        raise Failure(f"graph {name!r} is served: promote another one first")
    if name == LIVE:
        raise Failure("the live graph is the stack's own: it stays")
    writing = [one.name for _, one in read_jobs(directory) if one.name.endswith(f".{name}") and is_alive(one)]
    if writing:
        raise Failure(f"a job writes graph {name!r}: `wiregraph job stop {writing[0]}` first")
    options = kafka_options(directory)
    _remove(path)
    gone = delete_topics(options, (graph_topic(name), alerts_topic(name)))
    # What they have committed would say of a graph of the same name that it is complete.
    forget_groups(options, [consumer_group(job, name) for job in (NEWS_GRAPH, CLICK_FRAUD)])
    for suffix in ("json", "done", "complete"):
        plan_file(directory, name).with_suffix(f".{suffix}").unlink(missing_ok=True)
    say(f"dropped graph {name!r}" + (f" and {', '.join(gone)}" if gone else ""))


def _existing(store: Path, name: str) -> Path:
    try:
        path = graph_directory(store, name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not name or not path.is_dir():
        raise UsageError(f"there is no graph {name!r}: see `wiregraph graph list`")
    return path


def _remove(path: Path) -> None:
    try:
        GraphWriter(path).close()
    except StoreLockedError as error:
        raise Failure(f"an applier writes {path}: end it first") from error
    except StoreError:
        pass  # Broken: nothing in it is missed.
    shutil.rmtree(path.rename(path.with_name(f".dropped-{path.name}")), ignore_errors=True)
