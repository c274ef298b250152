"""The graph store without RocksDB: snapshots in memory, batches as a whole or not at all, and what a disk may do."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from kafka import TopicPartition

from serving import keyspace
from serving.keyspace import Entry
from serving.progress import Progress, dump_progress
from serving.store import GraphWriter, StoreBusyError, StoreLockedError, StoreMissingError, View
from tests.faults.simulation.faults import Fault
from tests.faults.simulation.twin import Applied

KEPT = 6
"""So many snapshots of a store are remembered, for what a power cut may take."""


class Snapshot:
    """A store between two writes, and what the records say that it has applied by then."""

    def __init__(self, data: dict[bytes, bytes], applied: Applied, progress: Progress | None = None) -> None:
        self.data = data
        self.applied = applied
        self.progress = progress
        self._keys: list[bytes] | None = None

    @property
    def keys(self) -> list[bytes]:
        if self._keys is None:
            self._keys = sorted(self.data)
        return self._keys

    def changed(self, batch: dict[bytes, bytes | None], applied: Applied, progress: Progress) -> Snapshot:
        data = {key: value for key, value in (self.data | batch).items() if value is not None}
        return Snapshot(data, applied, progress)

    def view(self) -> View:
        return View(Iterator(self))


class Iterator:
    """RocksDB's iterator, with the one position that it has."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._keys, self._data, self._at = snapshot.keys, snapshot.data, len(snapshot.keys)

    def seek(self, key: bytes) -> None:
        self._at = bisect_left(self._keys, key)

    def seek_to_first(self) -> None:
        self._at = 0

    def valid(self) -> bool:
        return self._at < len(self._keys)

    def key(self) -> bytes:
        return self._keys[self._at]

    def value(self) -> bytes:
        return self._data[self._keys[self._at]]

    def next(self) -> None:
        self._at += 1

    def status(self) -> None:
        """Raises where a block was bad: here none is."""


@dataclass
class Disk:
    """Where a store lies. `given` are offsets of the records that the applier was given, by topic and partition."""

    identity: str
    snapshots: list[Snapshot] = field(default_factory=lambda: [Snapshot({}, Applied())])
    given: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    ever_given: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    probed: dict[str, dict[TopicPartition, int]] = field(default_factory=dict)
    """By group, the ends of its inputs when the applier last asked for its offsets."""
    newest: Snapshot | None = None
    """The last one written, which may be lost."""
    locked: bool = False
    marked: bool = False
    pending: Counter[Fault] = field(default_factory=Counter)
    """Faults after which it must be built again."""

    @property
    def now(self) -> Snapshot:
        return self.snapshots[-1]

    def add(self, snapshot: Snapshot) -> None:
        self.snapshots = [*self.snapshots[1 - KEPT :], snapshot]
        self.newest = snapshot


WriteHook = Callable[[Disk, Progress, Callable[[], None]], None]
"""Told of every write, which it makes, or not, by its last argument."""

ReadHook = Callable[[Disk], None]


class _Database:
    """As much of `Rdict` as `GraphWriter` reads with."""

    def __init__(self, disk: Disk, on_read: ReadHook) -> None:
        self._disk = disk
        self._on_read = on_read

    def get(self, key: bytes | list[bytes]) -> bytes | list[bytes | None] | None:
        self._on_read(self._disk)
        data = self._disk.now.data
        return data.get(key) if isinstance(key, bytes) else [data.get(one) for one in key]

    def iter(self) -> Iterator:
        return Iterator(self._disk.now)


@dataclass(frozen=True)
class Hooks:
    """What a test has a say in."""

    on_write: WriteHook = lambda _disk, _progress, write: write()
    on_read: ReadHook = lambda _disk: None
    advance: Callable[[Disk, Progress], Applied] = lambda disk, _progress: disk.now.applied


PLAIN = Hooks()


class SimulatedWriter(GraphWriter):
    """`GraphWriter` over a `Disk`."""

    def __init__(self, path: Path, disk: Disk, hooks: Hooks = PLAIN) -> None:
        if disk.locked:
            raise StoreLockedError(f"{path} is locked")
        disk.locked = True
        self.path = path
        self.identity = disk.identity
        self._disk = disk
        self._hooks = hooks
        self._refused = False
        self._db = _Database(disk, hooks.on_read)  # type: ignore[assignment]  # as much of it as is read

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes], progress: Progress) -> None:
        batch: dict[bytes, bytes | None] = dict.fromkeys(deletes)
        batch.update((entry.key, entry.value) for entry in puts)
        self._write(batch, progress)

    def _write(self, batch: dict[bytes, bytes | None], progress: Progress) -> None:
        batch[keyspace.PROGRESS] = dump_progress(progress)
        disk = self._disk

        def write() -> None:
            disk.add(disk.now.changed(batch, self._hooks.advance(disk, progress), progress))

        try:
            self._hooks.on_write(disk, progress, write)
        except StoreBusyError:
            self._refused = True
            raise

    def checkpoint(self, target: Path) -> None:
        raise NotImplementedError(target)

    def close(self) -> None:
        self._disk.locked = False
        if self._refused:
            raise StoreBusyError("what was refused could not be written at closing either")


class SimulatedReader:
    """`GraphReader` over the disk that lay there when it was opened; it sees what it has caught up with."""

    def __init__(self, disk: Disk | None, is_there: Callable[[Disk], bool]) -> None:
        if disk is None or not disk.now.data:
            raise StoreMissingError("no store")
        self._disk = disk
        self._is_there = is_there
        self.snapshot = disk.now
        self.identity = disk.identity
        self.lock = threading.RLock()

    def catch_up(self) -> bool:
        before, self.snapshot = self.snapshot, self._disk.now
        return before is not self.snapshot

    def replaced(self) -> bool:
        return not self._is_there(self._disk)

    def view(self) -> View:
        return self.snapshot.view()

    def close(self) -> None:
        """Nothing is left behind."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
