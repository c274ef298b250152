"""What can be wrong with a store: RocksDB says it in words, which are told apart here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_BUSY = (
    "No space left",
    "Disk quota exceeded",
    "File too large",
    "Too many open files",
    "Permission denied",
    "Read-only file system",
)


class StoreError(Exception):
    """RocksDB refused: the message is its own."""


class StoreLockedError(StoreError):
    """Another process writes this store."""


class StoreBusyError(StoreError):
    """The machine refused, not the store: a full disk, too many open files, missing rights."""


class StoreCorruptError(StoreError):
    """What lies on the disk is not what was written."""


class StoreMissingError(StoreError):
    """There is no store in this directory, or not yet."""


@contextmanager
def translated() -> Iterator[None]:
    """RocksDB's errors as those above."""
    try:
        yield
    except Exception as error:  # rocksdict raises nothing narrower
        raise _kind(str(error))(str(error)) from error


def _kind(message: str) -> type[StoreError]:
    if "LOCK:" in message:
        return StoreLockedError
    if "Corruption" in message and "No such file" not in message:  # The writer may have taken it away.
        return StoreCorruptError
    return StoreBusyError if any(reason in message for reason in _BUSY) else StoreError
