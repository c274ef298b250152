"""`wiregraph demo`: everything on one machine, live, and at the end compared with what is true."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from udfs.topics import NEWS
from wiregraph.comparison_view import print_comparison, print_top
from wiregraph.demo_answers import connect, dead_letters_by_reason
from wiregraph.demo_feed import Feed
from wiregraph.demo_input import outgoing_of
from wiregraph.demo_records import Progress
from wiregraph.demo_run import Run
from wiregraph.demo_stack import Stopped, demo_stack, stoppable
from wiregraph.errors import Failure
from wiregraph.generator import generate
from wiregraph.generator_records import StreamRecord
from wiregraph.live_view import Display
from wiregraph.options import DEFAULT_DIR, DirOption
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import Stack
from wiregraph.truth import ServedCounts, compare

GENERATED_RATE = 25.0
INPUT_RATE = 200.0
"""Faster than the job: the feed waits for it, so a file goes through at the job's own pace."""
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


def demo(
    file: InputOption = None,
    seconds: ForOption = None,
    rate: RateOption = None,
    seed: SeedOption = 7,
    directory: DirOption = DEFAULT_DIR,
) -> None:
    """Start a stack in DIR/demo, feed it, show its scores live, compare them with the truth, stop it.

    Without --input the stream is generated, so what is true is known: it ends with 1 where a count
    differs. Each run starts from nothing. Ctrl-C stops everything.
    """
    wish = DemoWish(
        directory=directory / FOLDER,
        file=file,
        seconds=seconds,
        rate=rate or (INPUT_RATE if file else GENERATED_RATE),
        seed=seed,
    )
    console = Console()
    started_s = time.monotonic()
    try:
        with stoppable():
            _run(wish, console)
    except Stopped as stop:
        console.print(f"stopped after {time.monotonic() - started_s:.0f} s")
        raise typer.Exit(stop.code) from None


def _run(wish: DemoWish, console: Console) -> None:
    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    records = () if wish.file else generate(wish.seed).records
    items = outgoing_of(wish.file) if wish.file else map(_outgoing, records)
    with demo_stack(wish.directory, say) as stack, connect(stack.grpc) as answers:
        say(f"`wiregraph top --dir {wish.directory}` asks this stack too while it runs")
        with open_sender({"bootstrap_servers": stack.bootstrap}, NEWS) as sender, Display(console) as display:
            feed = Feed(items, sender.send, wish.rate, len(records))
            run = Run(wish.directory, feed, answers, display)
            run.feed_for(wish.seconds)
            sender.flush()
            run.drain()
        if wish.file:
            print_top(console, answers.top_of_all(TOP_PRINTED), f"most named in {wish.file.name}")
            return
        comparison = compare(records[: feed.state.sent], _served_counts(run.progress, stack), answers.facts())
        print_comparison(console, comparison)
    if not comparison.is_exact:
        raise Failure("what is served is not what was fed: see the counts above")


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
