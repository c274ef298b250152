"""Feeding records to Kafka at the pace that the job can follow, and how long they take to be applied."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from statistics import quantiles

from udfs.topics import CLICKS
from wiregraph.demo_records import FeedState
from wiregraph.producing import Outgoing

BACKLOG_S = 10.0
BACKLOG_MAX = 500
"""So many seconds of the feed, and at most so many records, may wait for the job; beyond that the feed waits."""
LATENCIES_KEPT = 400
QUANTILES_MIN = 20
"""Fewer latencies than this tell no percentile."""


class Feed:
    """Sends items at `rate` a second as `step` is called; a pause is not caught up afterwards.

    `send` gives False for an item that Kafka cannot take, which then is not waited for.
    """

    def __init__(self, items: Iterator[Outgoing], send: Callable[[Outgoing], bool], rate: float, total: int) -> None:
        self.done: bool = False
        self._items = items
        self._send = send
        self._rate = rate
        self._total = total
        self._sent = 0
        self._counted = 0
        self._owed = 0.0
        self._last_s: float | None = None
        self._is_paused = False

    @property
    def state(self) -> FeedState:
        """How far it is."""
        return FeedState(self._sent, self._counted, self._total, self._is_paused)

    def step(self, now_s: float, read: int) -> None:
        """Send what is due by `now_s` (monotonic), unless too many of the `read` ones are missing."""
        passed_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        self._is_paused = not self.done and self._counted - read > min(self._rate * BACKLOG_S, BACKLOG_MAX)
        if self.done or self._is_paused:
            return
        # A stall of this loop is not made good by a burst of more than a second's records, or of one.
        self._owed = min(self._owed + passed_s * self._rate, max(self._rate, 1.0))
        while self._owed >= 1 and not self.done:
            self._send_next()

    def _send_next(self) -> None:
        item = next(self._items, None)
        if item is None:
            self.done = True
            return
        self._owed -= 1
        self._sent += 1
        self._counted += self._send(item) and item.topic != CLICKS


class Latencies:
    """How long records take until their outcome is applied and served.

    Outcomes are counts, so the n-th record fed is taken to be the n-th one counted; the partitions
    are read side by side, so that holds but for a few records.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, float]] = deque()
        self._kept_s: deque[float] = deque(maxlen=LATENCIES_KEPT)

    def fed(self, counted: int, now_s: float) -> None:
        """`counted` records have been fed by `now_s`."""
        if not self._waiting or self._waiting[-1][0] < counted:
            self._waiting.append((counted, now_s))

    def applied(self, read: int, now_s: float) -> None:
        """`read` records were seen applied at `now_s`."""
        while self._waiting and self._waiting[0][0] <= read:
            self._kept_s.append(now_s - self._waiting.popleft()[1])

    def percentiles_s(self) -> tuple[float, float] | None:
        """The median and the 95th percentile of late, absent while there are too few."""
        if len(self._kept_s) < QUANTILES_MIN:
            return None
        cuts = quantiles(self._kept_s, n=20)
        return cuts[9], cuts[18]
