"""Which files a store has, asked many times a second: read again only where the directory has changed since."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from serving.tables import file_names, logs_of, manifest_name

TICKS_NS = 100_000_000
"""Longer than a tick of the clock by which a file system dates its directories, which is some milliseconds."""
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The names of a store's files, those of its logs among them, and what its manifest is called."""

    files: frozenset[str] = frozenset()
    logs: frozenset[str] = frozenset()
    manifest: bytes = b""


@dataclass(slots=True)
class Directory:
    """A store's directory; not for more than one thread."""

    path: Path
    _stamp: Stamp | None = field(default=None, init=False)
    _listing: Listing = field(default_factory=Listing, init=False)

    def now(self) -> Listing:
        """The same object as before where nothing came, went or was renamed."""
        stamp = self._dated()
        if stamp is None or stamp != self._stamp:
            self._stamp = stamp
            files = file_names(self.path)
            self._listing = Listing(files, logs_of(files), manifest_name(self.path))
        return self._listing

    def _dated(self) -> Stamp | None:
        """What is another one behind each change; None where it may not be, since there was one just now."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        is_settled = found.st_mtime_ns < time.time_ns() - TICKS_NS
        return (found.st_dev, found.st_ino, found.st_mtime_ns) if is_settled else None
