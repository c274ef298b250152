"""The command line of `wiregraph replay`: its options, its progress bar, its summary."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from jobs.replay_plan import ReplayPlan
from udfs.topics import NEWS, POSTS
from wiregraph.errors import UsageError
from wiregraph.kafka_config import kafka_options
from wiregraph.options import DEFAULT_DIR, BootstrapOption, DirOption, JsonOption, KafkaConfigOption
from wiregraph.replay import Replayed, replay
from wiregraph.replay_job import Watch
from wiregraph.replay_progress import TIMES_END_MS, Step
from wiregraph.replay_request import ReplayRequest
from wiregraph.times import parse_time, rfc3339


class ReplayTopic(StrEnum):
    """The topics that a graph is made of."""

    NEWS = NEWS
    POSTS = POSTS


TopicOption = Annotated[list[ReplayTopic], typer.Option(help="What to replay; give it twice for both.")]
GraphOption = Annotated[str, typer.Option(help="Name of the graph to make; it must be a new one.")]
FromOption = Annotated[str | None, typer.Option("--from", help="The first event time; by default all that there is.")]
ToOption = Annotated[str | None, typer.Option("--to", help="The end of the event times, not included.")]
FromFactsOption = Annotated[
    bool, typer.Option("--from-facts", help="Run no models: sums and edges of the live graph's facts.")
]
ParallelismOption = Annotated[
    int | None,
    typer.Option(
        min=1, max=128, help="How many workers; by default one, from facts one a core of this machine, at most 4."
    ),
]
ModelsOption = Annotated[Path | None, typer.Option(help="Folder of other models than those of this version.")]
ClusterOption = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="REST API of a session cluster to submit to; else one is embedded.")
]
PythonOption = Annotated[str, typer.Option(help="The Python of the cluster's machines; this one by default.")]


def replay_command(  # noqa: PLR0913 - a command has as many parameters as it has options
    *,
    topic: TopicOption,
    graph: GraphOption,
    start: FromOption = None,
    end: ToOption = None,
    from_facts: FromFactsOption = False,
    parallelism: ParallelismOption = None,
    models: ModelsOption = None,
    cluster: ClusterOption = "",
    python: PythonOption = sys.executable,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a graph of its own of what topics hold, beside the live one: event times from --from up to --to.

    The ends of the topics are fixed when it starts; it returns when everything is applied. Ctrl-C takes a
    savepoint, and the same command goes on from it. Read the graph with --graph NAME, compare it with
    `wiregraph diff`, serve it with `wiregraph graph promote`.
    """
    from_ms, to_ms = _time(start, 0), _time(end, TIMES_END_MS)
    if from_ms >= to_ms:
        raise UsageError("--from must lie before --to")
    wish = ReplayPlan(
        graph=graph,
        topics=tuple(sorted({one.value for one in topic})),
        from_ms=from_ms,
        to_ms=to_ms,
        from_facts=from_facts,
        models=str(models.absolute()) if models else "",
    )
    kafka = kafka_options(directory, bootstrap, kafka_config)
    request = ReplayRequest(directory.resolve(), wish, kafka, kafka_config, parallelism, cluster, python)
    with _interruptible(), _watching(Console(stderr=True)) as watch:
        done = replay(request, watch)
    _report(done, json=json)


def _time(text: str | None, default_ms: int) -> int:
    return default_ms if text is None else parse_time(text)


def _report(done: Replayed, *, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(asdict(done)))
        return
    typer.echo(
        f"graph {done.graph}: {done.facts:,} facts of {done.entities:,} entities from {done.records:,} records, "
        f"in {done.seconds:.1f} s"
    )
    typer.echo(f"compare: `wiregraph diff live {done.graph}`; serve: `wiregraph graph promote {done.graph}`")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, and Ctrl-C also where a shell has started this in the background."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _watching(console: Console) -> Iterator[Watch]:
    """A bar with the event time, the rate and the time left, on a terminal only."""
    if not console.is_terminal:
        yield lambda _step: None
        return
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[event]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress).show


class _Bar:
    """One bar for what is being done, another one for what comes next."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None, event="", rate="")
        self._doing = "starting"

    def show(self, step: Step) -> None:
        """Draw a step."""
        if step.doing != self._doing:
            self._progress.remove_task(self._task)
            self._task = self._progress.add_task(step.doing, total=step.total, completed=step.done, event="", rate="")
            self._doing = step.doing
        event = "" if step.event_time_ms is None else rfc3339(step.event_time_ms)
        speed = next(task.speed for task in self._progress.tasks if task.id == self._task)
        rate = f"{speed:,.0f}/s" if speed else ""
        self._progress.update(self._task, total=step.total or None, completed=step.done, event=event, rate=rate)
