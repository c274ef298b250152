"""The demo from the first record fed to the last one applied, in one loop of one thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wiregraph.demo_answers import Answers
from wiregraph.demo_clicks import ClicksRead
from wiregraph.demo_feed import Feed, Latencies
from wiregraph.demo_records import Frame, Progress, TopEntity
from wiregraph.demo_stack import check_jobs
from wiregraph.errors import Failure
from wiregraph.live_view import SPARK_CELLS, Display

TICK_S = 0.02
POLL_EVERY_S = 0.1
FRAME_EVERY_S = 1.0
CLICKS_EVERY_S = 1.0
TOP_SHOWN = 40
ALERTS_SHOWN = 20
STALL_S = 120.0
"""Nothing read for so long while records wait means that something is broken."""
QUIET_S = 2.0
"""The changelog's rows of one article do not come in one piece: all is applied once nothing changes for so long."""


@dataclass(slots=True)
class _Clock:
    """When something is due next, in monotonic seconds."""

    every_s: float
    next_s: float = 0.0

    def is_due(self, now_s: float) -> bool:
        """Whether it is; if so, the next time is set."""
        if now_s < self.next_s:
            return False
        self.next_s = now_s + self.every_s
        return True


@dataclass(frozen=True, slots=True)
class RunWish:
    """Where the stack's logs and jobs are, over how many hours the view scores, and what tells that clicks are read.

    `clicks` is absent where no job reads them.
    """

    directory: Path
    window_h: int
    clicks: ClicksRead | None = None


class Run:
    """Feeds, asks and shows; `progress` is the latest answer."""

    def __init__(self, wish: RunWish, feed: Feed, answers: Answers, display: Display) -> None:
        self.progress = Progress()
        self._wish = wish
        self._feed = feed
        self._answers = answers
        self._display = display
        self._latencies = Latencies()
        self._histories: dict[str, deque[float]] = {}
        self._polls = _Clock(POLL_EVERY_S)
        self._frames = _Clock(FRAME_EVERY_S)
        self._checks = _Clock(CLICKS_EVERY_S)
        self._clicks_read = False
        self._is_draining = False
        self._start_s = time.monotonic()
        self._changed_s = self._start_s

    def feed_for(self, seconds: float | None) -> None:
        """Feed until the items end, or for so many seconds; raises Failure, as `drain` does, where all stands still."""
        end_s = float("inf") if seconds is None else time.monotonic() + seconds
        self._loop("feeding", lambda: self._feed.done or time.monotonic() >= end_s, feeding=True)

    def drain(self) -> None:
        """Wait until everything fed is applied."""
        self._is_draining = True
        self._loop("applying the rest", self._is_drained, feeding=False)

    def _is_drained(self) -> bool:
        is_quiet = time.monotonic() - self._changed_s >= QUIET_S
        is_read = self.progress.read >= self._feed.state.counted and self._are_clicks_read()
        return is_quiet and is_read and self.progress.lag == 0

    def _are_clicks_read(self) -> bool:
        """Once they are, their alerts are in Kafka: a lag that is measured later counts them."""
        if self._wish.clicks is None or self._clicks_read:
            return True
        if self._checks.is_due(time.monotonic()):
            self._clicks_read = self._wish.clicks.all()
            self._changed_s = time.monotonic() if self._clicks_read else self._changed_s
        return self._clicks_read

    def _loop(self, phase: str, is_over: Callable[[], bool], *, feeding: bool) -> None:
        while not is_over():
            now_s = time.monotonic()
            if feeding:
                self._feed.step(now_s, self.progress.read)
                self._latencies.fed(self._feed.state.counted, now_s)
            if self._polls.is_due(now_s):
                self._poll()
            if self._frames.is_due(now_s):
                self._check(now_s)
                self._display.show(self._frame(phase))
            time.sleep(TICK_S)
        self._poll()
        self._display.show(self._frame(phase))

    def _check(self, now_s: float) -> None:
        """Raise Failure where the job has ended, or where records wait and nothing changes."""
        check_jobs(self._wish.directory)
        waiting = self._feed.state.counted - self.progress.read
        clicks_wait = self._is_draining and not self._are_clicks_read()
        if waiting <= 0 and not self.progress.lag and not clicks_wait:
            # Nothing is due, so the time that counts begins when something is; being quiet goes on.
            self._changed_s = max(self._changed_s, now_s - QUIET_S)
        if now_s - self._changed_s > STALL_S:
            raise Failure(
                f"nothing was applied for {STALL_S:.0f} s while {waiting:,} of {self._feed.state.counted:,} records"
                f" and {self.progress.lag:,} rows of the changelog{' and clicks' if clicks_wait else ''} wait:"
                f" see {self._wish.directory / 'logs'}"
            )

    def _poll(self) -> None:
        progress = self._answers.progress()
        now_s = time.monotonic()
        self._latencies.applied(progress.read, now_s)
        if progress != self.progress:
            self._changed_s = now_s
        self.progress = progress

    def _frame(self, phase: str) -> Frame:
        top = self._answers.top(self._wish.window_h, TOP_SHOWN)
        self._remember(top)
        percentiles_s = self._latencies.percentiles_s()
        return Frame(
            phase=phase,
            window_h=self._wish.window_h,
            elapsed_s=time.monotonic() - self._start_s,
            feed=self._feed.state,
            progress=self.progress,
            latency_p50_s=percentiles_s[0] if percentiles_s else None,
            latency_p95_s=percentiles_s[1] if percentiles_s else None,
            top=top,
            alerts=self._answers.alert_news(ALERTS_SHOWN) if self._wish.clicks else None,
            histories={entity_id: tuple(history) for entity_id, history in self._histories.items()},
        )

    def _remember(self, top: tuple[TopEntity, ...]) -> None:
        for entity in top:
            if entity.sentiment is not None:
                history = self._histories.setdefault(entity.entity_id, deque(maxlen=SPARK_CELLS))
                history.append(entity.sentiment)
