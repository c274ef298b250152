"""The command line of `wiregraph ingest`: its options, its progress bar, its summary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from threading import Event, Thread
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.errors import Failure, UsageError
from wiregraph.ingest import Tally, Wish, ingest
from wiregraph.inputs import Format, Input, guess_format, open_input
from wiregraph.kafka_config import kafka_options
from wiregraph.mapping import SCHEMAS, parse_map
from wiregraph.options import DEFAULT_DIR, BootstrapOption, DirOption, JsonOption, KafkaConfigOption
from wiregraph.pacing import Pacer
from wiregraph.producing import Sender, open_sender

REFRESH_S = 0.2


class InputTopic(StrEnum):
    """The topics that take input."""

    NEWS = NEWS
    POSTS = POSTS
    CLICKS = CLICKS


@dataclass(frozen=True, slots=True)
class Skip:
    """A row that was not sent; `row` is its line in the file, for a feed its entry."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What an ingest did. `acknowledged` by all replicas, `rate` in rows a second."""

    topic: str
    rows: int
    sent: int
    skipped: int
    acknowledged: int
    seconds: float
    rate: float
    first_skipped: list[Skip]

    def line(self) -> str:
        """The summary for people."""
        counts = f"{self.rows:,} rows read, {self.acknowledged:,} sent, {self.skipped:,} skipped"
        return f"{self.topic}: {counts} in {self.seconds:.1f} s ({self.rate:,.0f} rows/s)"


FileArgument = Annotated[str, typer.Argument(metavar="FILE|-", help="A file, gzipped or not, or - for standard input.")]
TopicOption = Annotated[InputTopic, typer.Option(help="Where the rows go.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="By default as the file's name says; JSONL for -.")
]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Fill a field from a column.")
]
RateOption = Annotated[float | None, typer.Option(help="Rows a second at most.")]
SpeedOption = Annotated[float | None, typer.Option(help="Event time per wall time: 60 plays an hour in a minute.")]
LiveOption = Annotated[bool, typer.Option("--live", help="Add received_at, the time at which a row is sent.")]


def ingest_command(  # noqa: PLR0913 - a command has as many parameters as it has options
    file: FileArgument,
    *,
    topic: TopicOption,
    input_format: FormatOption = None,
    pairs: MapOption = None,
    rate: RateOption = None,
    speed: SpeedOption = None,
    live: LiveOption = False,
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Send the rows of FILE to a topic, each under its event time.

    JSON lines go as they are: what is wrong with them, an id that is missing too, shows in `wiregraph
    dead-letters`. Columns of CSV (with a header, quoted), TSV (with a header, no quoting) and feeds fill
    the fields of their names, or those that --map gives; a row without an id gets a hash of itself.
    Rows that cannot be mapped are counted and the first of them shown.
    """
    pacer = Pacer(_positive("--rate", rate), _positive("--speed", speed))
    if pacer.rate and pacer.speed:
        raise UsageError("--rate and --speed exclude each other: give one")
    with open_input(file) as source:
        wish = Wish(topic.value, input_format or guess_format(file), pairs or (), live, pacer)
        parse_map(SCHEMAS[wish.topic], wish.pairs)
        options = kafka_options(directory, bootstrap, kafka_config)
        with open_sender(options, wish.topic) as sender:
            summary = _run(wish, source, sender, Console(stderr=True))
    _report(summary, json=json)


def _positive(name: str, value: float | None) -> float:
    if value is not None and not 0 < value < float("inf"):
        raise UsageError(f"{name} must be above 0")
    return value or 0.0


def _run(wish: Wish, source: Input, sender: Sender, console: Console) -> Summary:
    tally, start_s = Tally(), time.monotonic()
    try:
        with _progress(console, source, tally):
            ingest(wish, source, sender, tally)
    except KeyboardInterrupt:
        sender.flush()
        raise Failure(
            f"interrupted after {tally.rows:,} rows, Kafka has {sender.acknowledged:,}: "
            "run it again for the rest, repeats count once"
        ) from None
    seconds = time.monotonic() - start_s
    skipped = [Skip(row.number, row.why) for row in tally.shown]
    rate = tally.rows / seconds if seconds else 0.0
    return Summary(
        wish.topic,
        tally.rows,
        tally.sent,
        tally.skipped,
        sender.acknowledged,
        round(seconds, 3),
        round(rate, 1),
        skipped,
    )


def _report(summary: Summary, *, json: bool) -> None:
    for skip in summary.first_skipped:
        typer.echo(f"skipped row {skip.row}: {skip.why}", err=True)
    typer.echo(orjson.dumps(asdict(summary)) if json else summary.line())


@contextmanager
def _progress(console: Console, source: Input, tally: Tally) -> Iterator[None]:
    """A bar of the bytes read, on a terminal only, drawn beside the work so that it costs nothing."""
    if not console.is_terminal:
        yield
        return
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=source.size, rows=0, rate=0.0)
        done, start_s = Event(), time.monotonic()

        def draw() -> None:
            while not done.wait(REFRESH_S):
                rate = tally.rows / (time.monotonic() - start_s)
                progress.update(task, completed=source.position(), rows=tally.rows, rate=rate, refresh=True)

        drawer = Thread(target=draw, daemon=True)
        drawer.start()
        try:
            yield
        finally:
            done.set()
            drawer.join()
