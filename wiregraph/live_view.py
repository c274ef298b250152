"""How the demo looks while it runs: frames in, text for a terminal out. Pure but for `Display`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from wiregraph.demo_records import AlertNews, FeedState, Frame, Progress, TopEntity

BAR_HALF = 10
"""Cells of the sentiment bar on either side of its middle."""
SPARKS = "▁▂▃▄▅▆▇█"
SPARK_CELLS = 24
LINES_BESIDE_TOP = 12
"""Lines that frames, figures and headings take; the entities and the alerts get the rest of the screen."""
ALERT_SHARE = 3
"""One line in so many of that rest is for alerts."""
ALERT_FRAME_LINES = 2
HEIGHT_WITH_ALERTS = 20
WIDTH_WITH_IDS = 110
PLAIN_EVERY_S = 5.0
ALERT_STYLES = {"open": "bold red", "withdrawn": "dim"}
POSITIVE_FROM = 0.1
"""Sentiment from which on a score is coloured."""


def sentiment_style(sentiment: float | None) -> str:
    """Red, green or dim."""
    if sentiment is None or abs(sentiment) < POSITIVE_FROM:
        return "dim"
    return "green" if sentiment > 0 else "red"


def sentiment_bar(sentiment: float | None) -> Text:
    """A bar that grows from the middle, to the left in red, to the right in green."""
    cells = 0 if sentiment is None else round(abs(sentiment) * BAR_HALF)
    full, style = "█" * cells, sentiment_style(sentiment)
    negative = sentiment is not None and sentiment < 0
    left, right = (full, "") if negative else ("", full)
    return Text.assemble((left.rjust(BAR_HALF), style), ("│", "dim"), (right.ljust(BAR_HALF), style))


def sparkline(values: Sequence[float], low: float = -1.0, high: float = 1.0) -> str:
    """The last values as a row of little columns between `low` and `high`."""
    steps = len(SPARKS) - 1
    shares = ((value - low) / (high - low) for value in values[-SPARK_CELLS:])
    return "".join(SPARKS[round(min(1.0, max(0.0, share)) * steps)] for share in shares)


def event_time_text(time_ms: int) -> str:
    """An event time for people, empty for none."""
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M} UTC" if time_ms else ""


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def screen(frame: Frame, width: int, height: int) -> RenderableType:
    """The whole view for a terminal of `width` cells and `height` lines."""
    rows = max(3, height - LINES_BESIDE_TOP)
    alerts = frame.alerts if height >= HEIGHT_WITH_ALERTS else None
    alert_rows = max(2, rows // ALERT_SHARE - ALERT_FRAME_LINES)
    rows = max(3, rows - alert_rows - ALERT_FRAME_LINES) if alerts else rows
    subtitle = (
        f"window {frame.window_h} h up to {event_time_text(frame.progress.latest_event_ms)}"
        if frame.top
        else "no scores yet"
    )
    top = Panel(_top_table(frame, rows, with_ids=width >= WIDTH_WITH_IDS), title="top entities", subtitle=subtitle)
    panels = [Panel(_figures(frame), title=f"Wiregraph demo: {frame.phase}"), top]
    if alerts:
        panels.append(Panel(_alerts_table(alerts, alert_rows), title=f"alerts: {alerts.total:,}"))
    return Group(*panels)


def _alerts_table(alerts: AlertNews, rows: int) -> RenderableType:
    table = Table.grid(padding=(0, 1), expand=True)
    for ratio in (None, None, None, None, 1):
        table.add_column(no_wrap=True, ratio=ratio)
    for alert in alerts.latest[:rows]:
        style = ALERT_STYLES.get(alert.state, "")
        cells = (Text(alert.state, style), Text(alert.rule), Text(alert.session_id, "bold"), Text(alert.why, "dim"))
        table.add_row(Text(event_time_text(alert.event_time_ms), "dim"), *cells)
    return table if alerts.latest else Text("none yet", "dim")


def _figures(frame: Frame) -> RenderableType:
    progress, feed = frame.progress, frame.feed
    grid = Table.grid(padding=(0, 2))
    total = f" of {feed.total:,}" if feed.total else ""
    pace = f"{feed.sent / frame.elapsed_s:.1f}/s" if frame.elapsed_s else ""
    waits = " [yellow]waiting for the job[/]" if feed.is_paused else ""
    grid.add_row("fed", f"{feed.sent:,}{total} records in {frame.elapsed_s:.0f} s, {pace}{_clicks(feed)}{waits}")
    grid.add_row("read by the job", outcomes(progress))
    grid.add_row(
        "behind by",
        f"{max(0, feed.counted - progress.read):,} records, latency p50 {_seconds(frame.latency_p50_s)}, "
        f"p95 {_seconds(frame.latency_p95_s)}",
    )
    grid.add_row("graph", f"{progress.entities:,} entities, {progress.facts:,} facts")
    return grid


def _clicks(feed: FeedState) -> str:
    clicks = feed.sent - feed.counted
    return f" [dim]({clicks:,} clicks among them)[/]" if clicks else ""


def outcomes(progress: Progress) -> str:
    """What became of the records read, in rich's markup."""
    return (
        f"{progress.read:,} = [green]{progress.articles:,} articles[/] + {progress.empty:,} empty"
        f" + {progress.duplicates:,} duplicates"
        f" + [red]{progress.dead_letters:,} dead letters[/]  ({progress.late:,} late)"
    )


def _top_table(frame: Frame, rows: int, *, with_ids: bool) -> Table:
    table = Table(expand=True, box=None)
    table.add_column("entity", no_wrap=True, ratio=1)
    if with_ids:
        table.add_column("id", no_wrap=True, style="dim", ratio=1)
    table.add_column("articles", justify="right")
    table.add_column("+", justify="right", style="green")
    table.add_column("0", justify="right", style="dim")
    table.add_column("-", justify="right", style="red")
    table.add_column("sentiment", justify="right")
    table.add_column("", width=2 * BAR_HALF + 1)
    table.add_column("over the run", width=SPARK_CELLS)
    for entity in frame.top[:rows]:
        style = sentiment_style(entity.sentiment)
        table.add_row(
            Text(entity.name),
            *([Text(entity.entity_id)] if with_ids else []),
            *map(str, (entity.articles, entity.positive, entity.neutral, entity.negative)),
            Text("" if entity.sentiment is None else f"{entity.sentiment:+.2f}", style),
            sentiment_bar(entity.sentiment),
            Text(sparkline(frame.histories.get(entity.entity_id, ())), style),
        )
    return table


def plain_line(frame: Frame) -> str:
    """A frame as one line, for logs."""
    progress = frame.progress
    return (
        f"{frame.elapsed_s:5.0f} s  {frame.phase}: fed {frame.feed.sent}, read {progress.read} ="
        f" {progress.articles} articles + {progress.empty} empty + {progress.duplicates} duplicates"
        f" + {progress.dead_letters} dead letters; behind {max(0, frame.feed.counted - progress.read)},"
        f" latency p50 {_seconds(frame.latency_p50_s)}; {', '.join(map(_plain_entity, frame.top[:3])) or 'no scores'}"
        f"{_plain_alerts(frame.alerts)}"
    )


def _plain_alerts(alerts: AlertNews | None) -> str:
    if alerts is None:
        return ""
    latest = f", the latest on {alerts.latest[0].session_id} ({alerts.latest[0].rule})" if alerts.latest else ""
    return f"; {alerts.total} alerts{latest}"


def _plain_entity(entity: TopEntity) -> str:
    score = "" if entity.sentiment is None else f" {entity.sentiment:+.2f}"
    return f"{entity.name}{score} ({entity.articles})"


class Display:
    """Shows frames: in place on a terminal, elsewhere a plain line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, screen=False) if console.is_terminal else None
        self._next_line_at_s = 0.0
        self._phase = ""

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, frame: Frame) -> None:
        """Draw a frame; off a terminal the one of a new phase, then one in five seconds."""
        if self._live:
            self._live.update(screen(frame, self._console.width, self._console.height), refresh=True)
            return
        now_s = time.monotonic()
        if frame.phase != self._phase or now_s >= self._next_line_at_s:
            self._phase, self._next_line_at_s = frame.phase, now_s + PLAIN_EVERY_S
            self._console.print(plain_line(frame), markup=False, highlight=False, soft_wrap=True)
