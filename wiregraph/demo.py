"""`wiregraph demo`: everything on one machine, live, and at the end compared with what is true."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from udfs.topics import CLICK_FRAUD, NEWS, NEWS_GRAPH
from wiregraph.comparison_view import print_alert_comparison, print_comparison, print_top
from wiregraph.demo_answers import connect, dead_letters_by_reason
from wiregraph.demo_clicks import clicks_read
from wiregraph.demo_feed import Feed
from wiregraph.demo_input import outgoing_of
from wiregraph.demo_records import Progress, TopEntity
from wiregraph.demo_run import Run, RunWish
from wiregraph.demo_stack import Stopped, demo_stack, stoppable
from wiregraph.errors import Failure
from wiregraph.generator import generate
from wiregraph.generator_records import StreamRecord
from wiregraph.live_view import Display, outcomes
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import Stack
from wiregraph.truth import Comparison, ServedCounts, compare
from wiregraph.truth_alerts import AlertComparison, compare_alerts

GENERATED_RATE = 25.0
INPUT_RATE = 200.0
"""Faster than the job: the feed waits for it, so a file goes through at the job's own pace."""
GENERATED_WINDOW_H = 1
INPUT_WINDOW_H = 24
"""A second of a generated feed is a minute of event time, one of a file may be hours."""
FOLDER = "demo"
TOP_PRINTED = 20

InputOption = Annotated[Path | None, typer.Option("--input", exists=True, dir_okay=False, help="Feed this file.")]
ForOption = Annotated[float | None, typer.Option("--for", min=1.0, help="Stop feeding after so many seconds.")]
RateOption = Annotated[float | None, typer.Option(min=0.1, help="Records a second; the feed waits for a slow job.")]
SeedOption = Annotated[int, typer.Option(help="Of the generated stream: the same seed gives the same records.")]


@dataclass(frozen=True, slots=True)
class DemoWish:
    """What was asked for; `seconds` None feeds to the end, `file` None feeds the stream of `seed`."""

    directory: Path
    file: Path | None
    seconds: float | None
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a demo ended; the comparisons are there where the stream was generated."""

    counts: Progress
    top: tuple[TopEntity, ...]
    comparison: Comparison | None
    alerts: AlertComparison | None


def demo(  # noqa: PLR0913, PLR0917 - the options of a command are its arguments
    file: InputOption = None,
    seconds: ForOption = None,
    rate: RateOption = None,
    seed: SeedOption = 7,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Start a stack in DIR/demo, feed it, show scores and alerts live, compare them with the truth, stop it.

    Without --input the stream is generated, so what is true is known, and the demo fails where a
    count or an alert differs. Each run starts from nothing. Ctrl-C stops everything.
    """
    wish = DemoWish(
        directory=directory / FOLDER,
        file=file,
        seconds=seconds,
        rate=rate or (INPUT_RATE if file else GENERATED_RATE),
        seed=seed,
    )
    # With --json the live view goes to stderr, and stdout has nothing but the outcome.
    console = Console(stderr=json)
    started_s = time.monotonic()
    try:
        with stoppable():
            outcome = _run(wish, console)
    except Stopped as stop:
        console.print(f"stopped after {time.monotonic() - started_s:.0f} s")
        raise typer.Exit(stop.code) from None
    _tell(outcome, console, json=json)


def _run(wish: DemoWish, console: Console) -> Outcome:
    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    stream = None if wish.file else generate(wish.seed)
    records = stream.records if stream else ()
    items = outgoing_of(wish.file) if wish.file else map(_outgoing, records)
    jobs = (NEWS_GRAPH, CLICK_FRAUD) if stream else (NEWS_GRAPH,)
    with (
        demo_stack(wish.directory, jobs, say) as stack,
        connect(stack.grpc) as answers,
        clicks_read(stack.bootstrap) as clicks,
    ):
        say(f"`wiregraph top --dir {wish.directory}` asks this stack too while it runs")
        with open_sender({"bootstrap_servers": stack.bootstrap}, NEWS) as sender, Display(console) as display:
            feed = Feed(items, sender.send, wish.rate, len(records))
            window_h = INPUT_WINDOW_H if wish.file else GENERATED_WINDOW_H
            run = Run(RunWish(wish.directory, window_h, clicks if stream else None), feed, answers, display)
            run.feed_for(wish.seconds)
            sender.flush()
            run.drain()
        served = _served_counts(run.progress, stack)
        fed = records[: feed.state.sent]
        return Outcome(
            counts=run.progress,
            top=answers.top_of_all(TOP_PRINTED),
            comparison=compare(fed, served, answers.facts()) if stream else None,
            alerts=compare_alerts(fed, stream.sessions, answers.alerts()) if stream else None,
        )


def _tell(outcome: Outcome, console: Console, *, json: bool) -> None:
    """Print an outcome; raises Failure where it is not what it must be."""
    if json:
        typer.echo(orjson.dumps(asdict(outcome)))
    elif outcome.comparison and outcome.alerts:
        print_comparison(console, outcome.comparison)
        print_alert_comparison(console, outcome.alerts)
    else:
        print_top(console, outcome.top, "most named of all")
        console.print(outcomes(outcome.counts))
    if outcome.comparison and not outcome.comparison.is_exact:
        raise Failure("what is served is not what was fed: see the counts that differ")
    if outcome.alerts and not outcome.alerts.is_exact:
        raise Failure("the alerts are not those that the clicks must raise: see the ones that differ")


def _outgoing(record: StreamRecord) -> Outgoing:
    return Outgoing(record.topic, record.key, record.value, record.record_time_ms)


def _served_counts(progress: Progress, stack: Stack) -> ServedCounts:
    return ServedCounts(
        articles=progress.articles,
        empty=progress.empty,
        duplicates=progress.duplicates,
        dead_letters=progress.dead_letters,
        by_reason=dead_letters_by_reason(stack.bootstrap),
    )
