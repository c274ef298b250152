"""The graph store on disk: one writer, any number of readers; the only module that knows RocksDB.

A store lies in a directory of its own, `DIR/live` or `DIR/NAME`. The applier opens it as the
primary, the server and `wiregraph dump` follow it as secondaries, each with a scratch directory.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    Checkpoint,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

from serving import keyspace
from serving.held_files import HeldFiles
from serving.keyspace import Entry
from serving.listing import Directory, Listing
from serving.progress import Progress, dump_progress, load_progress
from serving.store_errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
    translated,
)
from serving.tables import copy_without_logs, file_names, first_logged
from serving.views import View

__all__ = [
    "LIVE",
    "GraphReader",
    "GraphWriter",
    "StoreBusyError",
    "StoreCorruptError",
    "StoreError",
    "StoreLockedError",
    "StoreMissingError",
    "View",
    "graph_directory",
    "move_aside",
    "store_identity",
]

LIVE = "live"
FAULTS_MAX, CHECK_PAUSE_S = 3, 0.05
CHECK_S = 10.0
"""So long a store is checked again while its files change."""
READER_CACHE_MIB = 128
"""A server's, for what it keeps no answer of."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


def graph_directory(store: Path, graph: str) -> Path:
    """Where a graph's store lies; the empty name is the live graph. Raises `ValueError` for no name."""
    name = graph or LIVE
    if not _NAME.fullmatch(name):
        raise ValueError(f"{graph!r} is no name of a graph: use letters, digits, - and _")
    return store / name


class GraphWriter:
    """The only writer of a store; raises `StoreLockedError` if there is another."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "CURRENT").exists() and any(path.glob("*.sst")):
            raise StoreCorruptError(f"Corruption: {path} has tables, but no CURRENT")  # A new store would begin here.
        if (path / "CURRENT").exists():
            _check_files(path)
        with translated():
            self._db = Rdict(str(path), _options(create=True))
        self.path = path
        self.identity = store_identity(path)

    def progress(self) -> Progress | None:
        """How far the store is, None for an empty one; raises `ProgressError` for a broken one."""
        with translated():
            stored = self._db.get(keyspace.PROGRESS)
        return None if stored is None and self.view().empty() else load_progress(stored)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, in their order."""
        if not keys:
            return []
        with translated():
            values = self._db.get(list(keys))
        return list(values or ())

    def write(self, puts: Iterable[Entry], deletes: Iterable[bytes], progress: Progress) -> None:
        """All or nothing: the changes, and how far the store is with them."""
        batch = WriteBatch(raw_mode=True)
        for key in deletes:
            batch.delete(key)
        for entry in puts:
            batch.put(entry.key, entry.value)
        batch.put(keyspace.PROGRESS, dump_progress(progress))
        with translated():
            self._db.write(batch)

    def view(self) -> View:
        """The store as it is now."""
        return View(self._db.iter())

    def checkpoint(self, target: Path) -> None:
        """Makes a directory with the store as it is now, of links where it lies on the same disk."""
        with translated():
            Checkpoint(self._db).create_checkpoint(str(target))

    def close(self) -> None:
        """Gives the lock back, also where the disk is full: what is not written then is in Kafka, and raises."""
        with translated():
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class GraphReader:
    """Follows a store that another process may be writing; while `lock` is held, it stands still.

    Raises `StoreMissingError` without one and `StoreCorruptError` where its tables are not what they were.
    """

    def __init__(self, path: Path) -> None:
        if not (path / "CURRENT").exists():
            raise StoreMissingError(f"no store in {path}")
        self.path = path
        self.identity = store_identity(path)
        self.lock = threading.RLock()
        self._files = HeldFiles(path)
        self._scratch = Path(tempfile.mkdtemp(prefix="wiregraph-reader-"))
        self._directory = Directory(path)
        self._listed: Listing | None = None
        self._logged = 0
        try:
            _check_files(path)
            self._read()
        except StoreError:
            self._files.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise

    def written(self) -> bool:
        """Whether there surely is something to read; that a log was begun since the last catch-up is not seen."""
        return self._files.logged_bytes() != self._logged

    def catch_up(self) -> bool:
        """Reads what was written since; whether that was anything."""
        with self.lock:
            before = self._db, self._db.latest_sequence_number()
            self._read()
            return (self._db, self._db.latest_sequence_number()) != before

    def _read(self) -> None:
        """Reads manifest and logs, again where a log went away in between: its writes are in a table then.

        Without them the writes before the next log would be missing. What RocksDB read from a log stays in front of the
        tables, also once they hold later writes of that log that it missed, until it reads of a next one; where another
        writer went on, for longer (facebook/rocksdb issues 14444 and 15051). So it begins anew in these two cases.
        """
        while True:
            listing, before = self._directory.now(), self._listed
            is_old = before is None or listing.manifest != before.manifest or self._logs_ended(before, listing)
            if is_old and self.replaced():
                raise StoreMissingError(f"another store is in {self.path}")
            self._files.look(listing)
            self._logged = self._files.logged_bytes()
            with translated():
                if is_old:
                    self._open_anew()
                else:
                    self._db.try_catch_up_with_primary()
            self._listed = listing
            if not listing.logs - self._directory.now().logs:
                return

    def _open_anew(self) -> None:
        before = list(self._scratch.iterdir())
        scratch = tempfile.mkdtemp(dir=self._scratch)
        here = f"{self.path}/."  # Without the point rocksdict would make a directory that went away.
        self._db = Rdict(here, _options(create=False), access_type=AccessType.secondary(scratch))
        for old in before:
            shutil.rmtree(old, ignore_errors=True)

    def _logs_ended(self, before: Listing, now: Listing) -> bool:
        """Whether a log went away since the last look, and nothing is in the one after it."""
        if not before.logs - now.logs:
            return False
        try:
            return not any((self.path / log).stat().st_size for log in now.logs)
        except FileNotFoundError:
            return False  # So it is looked at again.

    def replaced(self) -> bool:
        """Whether another store, or none, lies where this one was opened."""
        return store_identity(self.path) != self.identity

    def view(self) -> View:
        """The store as it was at the last catch-up.

        There are no single look-ups: where the writer closed its store in between, they find what was read from its log
        before that and not what is in its tables since, which scans do.
        """
        with self.lock:
            return View(self._db.iter())

    def close(self) -> None:
        """Leaves nothing behind."""
        with self.lock:
            self._db.close()
            self._files.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def move_aside(path: Path, stamp_ms: int) -> Path:
    """Puts a store out of the way, for people to look at; only the latest such copy is kept."""
    for old in path.parent.glob(f"{path.name}.aside-*"):
        shutil.rmtree(old, ignore_errors=True)
    return path.rename(path.with_name(f"{path.name}.aside-{stamp_ms}"))


def _check_files(path: Path) -> None:
    """Raises `StoreError` where a table is missing, `StoreCorruptError` where one is cut or writes are lost.

    A live writer may take files away meanwhile, so a fault counts where it is found again in the same files.
    """
    deadline, faults = time.monotonic() + CHECK_S, 0
    while True:
        files = file_names(path)
        try:
            with tempfile.TemporaryDirectory(prefix="wiregraph-check-") as scratch:
                _check_once(path, Path(scratch))
        except (StoreError, OSError) as error:
            faults = faults + 1 if files == file_names(path) else 0
            if faults == FAULTS_MAX or time.monotonic() > deadline:
                raise error if isinstance(error, StoreError) else StoreError(str(error)) from error
            time.sleep(CHECK_PAUSE_S)
        else:
            return


def _check_once(path: Path, scratch: Path) -> None:
    logged = first_logged(path)  # Before the tables are looked at: what is in neither then was in neither before.
    copy_without_logs(path, scratch)
    with translated():
        tables = Rdict(str(scratch), _options(create=False), access_type=AccessType.read_only(False))
        held = tables.latest_sequence_number()
        tables.close()
    if logged is not None and logged > held + 1:
        raise StoreCorruptError(f"Corruption: {path} has lost the writes {held + 1} to {logged - 1}")


def store_identity(path: Path) -> str:
    """What tells a store from another one in its place; empty where there is none."""
    with suppress(OSError):
        return (path / "IDENTITY").read_text()
    return ""


def _options(*, create: bool) -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(create)
    options.set_max_open_files(-1)  # A secondary must hold the files that the primary deletes.
    options.set_max_file_opening_threads(1)  # A secondary would start all of them at each catch-up.
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(16 * 1024 * 1024)
    options.set_keep_log_file_num(2)
    options.set_max_total_wal_size(64 * 1024 * 1024)
    table = BlockBasedOptions()
    table.set_bloom_filter(10, block_based=False)
    table.set_block_cache(Cache((32 if create else READER_CACHE_MIB) * 1024 * 1024))
    options.set_block_based_table_factory(table)
    return options
