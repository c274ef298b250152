"""What reads of a store look at: the store as it was at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from serving import keyspace
from serving.progress import Progress, load_progress
from serving.store_errors import translated


class Cursor(Protocol):
    """RocksDB's iterator."""

    def seek(self, key: bytes) -> None:
        """Go to the first key that is not lower."""

    def seek_to_first(self) -> None:
        """Go to the lowest key."""

    def next(self) -> None:
        """Go to the next key."""

    def valid(self) -> bool:
        """Whether there is a key."""

    def key(self) -> bytes:
        """The key."""

    def value(self) -> bytes:
        """Its value."""

    def status(self) -> None:
        """Raise what went wrong, if anything did."""


class View:
    """The store as it was at one moment; not for more than one thread."""

    def __init__(self, iterator: Cursor) -> None:
        self._iterator = iterator

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""
        self._iterator.seek(key)
        if self._iterator.valid() and self._iterator.key() == key:
            return self._iterator.value()
        with translated():
            self._iterator.status()
        return None

    def empty(self) -> bool:
        """Whether there is no key at all."""
        self._iterator.seek_to_first()
        return not self._iterator.valid()

    def scan(self, lower: bytes, upper: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in [lower, upper), ascending; use it up before the next call."""
        iterator = self._iterator
        iterator.seek(lower)
        while iterator.valid() and (key := iterator.key()) < upper:
            yield key, iterator.value()
            iterator.next()
        with translated():
            iterator.status()

    def scan_prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys that begin so, and their values, ascending."""
        return self.scan(prefix, keyspace.after_prefix(prefix))

    def progress(self) -> Progress:
        """How far the store is; raises `serving.progress.ProgressError` if it does not say."""
        return load_progress(self.get(keyspace.PROGRESS))
