"""A store's files, held open by a reader so that it costs no catch-up anything when the writer deletes one.

Who closes a deleted table or log last waits until the file system has freed its blocks: 24 ms of system time were seen,
80 ms in all. RocksDB would do so in a catch-up, where the GIL is held and nothing is answered. Here a thread does it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from serving.listing import Listing

HELD_S = 2.0
"""A reader has seen by then that the file is no longer part of the store, and has closed it."""
_KINDS = (".sst", ".log")


class HeldFiles:
    """One file descriptor for each table and log; not for more than one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[str, int] = {}
        self._logs: list[int] = []
        self._gone: list[tuple[float, int]] = []
        self._listing = Listing()

    def look(self, listing: Listing) -> None:
        """Takes hold of the new ones among a store's files, and lets go of those that went away a while ago."""
        if listing is not self._listing:
            self._hold(listing)
        due = [descriptor for since_s, descriptor in self._gone if since_s <= time.monotonic() - HELD_S]
        if due:
            self._gone = self._gone[len(due) :]
            threading.Thread(target=_close, args=(due,), name="held-files", daemon=True).start()

    def _hold(self, listing: Listing) -> None:
        self._listing = listing
        for name in listing.files:
            if name not in self._held and name.endswith(_KINDS):
                with suppress(OSError):  # It went away meanwhile.
                    self._held[name] = os.open(self._path / name, os.O_RDONLY | os.O_CLOEXEC)
        now_s = time.monotonic()
        for name in [name for name in self._held if name not in listing.files]:
            self._gone.append((now_s, self._held.pop(name)))
        self._logs = [self._held[name] for name in listing.logs if name in self._held]

    def logged_bytes(self) -> int:
        """How much is in the logs of the last look; two microseconds, however many tables there are."""
        return sum(os.fstat(descriptor).st_size for descriptor in self._logs)

    def close(self) -> None:
        """Lets go of all."""
        _close([*self._held.values(), *(descriptor for _, descriptor in self._gone)])
        self._held, self._logs, self._gone = {}, [], []


def _close(descriptors: Collection[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
