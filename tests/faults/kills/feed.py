"""A stream that comes in while processes die: in bursts, so that workers are often in the middle of a bundle."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.faults.kills.site import Site
from udfs.topics import CLICKS, NEWS
from wiregraph.generator import Size, generate
from wiregraph.producing import Outgoing, Sender, open_sender

BURST, PAUSE_S = 24, 2.0


def some_records(seed: int, items: int) -> list[Outgoing]:
    """News, posts and clicks with all that the generator knows of bad, late and repeated ones."""
    stream = generate(seed=seed, size=Size(items=items, sessions=items // 10))
    return [Outgoing(one.topic, one.key, one.value, one.record_time_ms) for one in stream.records]


def articles_in(records: Sequence[Outgoing]) -> int:
    return sum(record.topic != CLICKS for record in records)


class Feed:
    """Sends records in a thread, as fast as it is told: a burst, a pause; all that is left at once in the end."""

    def __init__(self, site: Site, records: Sequence[Outgoing]) -> None:
        self._options = {"bootstrap_servers": site.system.stack.bootstrap}
        self._records = records
        self._hurry = threading.Event()
        self._burst = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def running(self) -> Iterator[Feed]:
        """Until all is sent and acknowledged."""
        self._thread.start()
        try:
            yield self
        finally:
            self._hurry.set()
            self._thread.join()
        if self._error is not None:
            raise self._error

    def await_burst(self, timeout_s: float) -> None:
        """Until the next burst is sent, if one comes by then."""
        self._burst.clear()
        self._burst.wait(timeout_s)

    def _run(self) -> None:
        try:
            with open_sender(self._options, NEWS) as sender:
                for start in range(0, len(self._records), BURST):
                    self._send(sender, self._records[start : start + BURST])
                sender.flush()
        except Exception as error:  # noqa: BLE001 - told to whoever waits for the end
            self._error = error

    def _send(self, sender: Sender, records: Sequence[Outgoing]) -> None:
        for record in records:
            while not sender.send(record):
                time.sleep(0.01)
        self._burst.set()
        self._hurry.wait(PAUSE_S)
