"""When a record may be sent: at once, at a rate, or as its event time says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SLEEP_S_MIN = 0.001
"""Shorter waits are made up for later: a sleep costs about as much."""

AHEAD_MS_MAX = 3_600_000
"""Kafka refuses records whose timestamp lies further ahead of its clock."""


@dataclass(slots=True)
class Pacer:
    """Holds records back. `rate` is in records a second, `speed` in event time per wall time; 0 means no limit."""

    rate: float = 0.0
    speed: float = 0.0
    clock_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _start_s: float | None = field(default=None, init=False)
    _first_ms: int | None = field(default=None, init=False)
    _sent: int = field(default=0, init=False)

    def wait(self, event_time_ms: int | None) -> None:
        """Return once a record may be sent; one out of order or without an event time is not held back by `speed`."""
        if self.rate:
            self._wait_until(self._sent / self.rate)
            self._sent += 1
        elif self.speed and event_time_ms is not None:
            if self._first_ms is None:
                self._first_ms = event_time_ms
            self._wait_until((event_time_ms - self._first_ms) / 1_000 / self.speed)

    def _wait_until(self, due_s: float) -> None:
        """Sleep until so long after the first record."""
        now_s = self.clock_s()
        if self._start_s is None:
            self._start_s = now_s
        left_s = self._start_s + due_s - now_s
        if left_s > SLEEP_S_MIN:
            self.sleep(left_s)


@dataclass(slots=True)
class RecordClock:
    """Gives records their timestamps: the event time, or the one before where there is no usable one.

    It starts at 0, the epoch, and never looks at a clock but to see what Kafka would refuse.
    """

    last_ms: int = 0

    def stamp(self, event_time_ms: int | None, now_ms: int) -> int:
        """The timestamp of the next record in epoch milliseconds."""
        if event_time_ms is not None and 0 <= event_time_ms <= now_ms + AHEAD_MS_MAX:
            self.last_ms = event_time_ms
        return self.last_ms
