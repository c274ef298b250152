"""Backups of a graph's store: a checkpoint's files, and a manifest that is written last.

A backup without its manifest is none. Restoring checks every file's digest, opens the copy, reads all
of it, and only then puts it in the store's place, so that nothing half-written is ever served.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from serving import keyspace
from serving.applier import clock_ms
from serving.broken import forget_broken
from serving.checkpoints import take_checkpoint
from serving.progress import Progress, ProgressError
from serving.served import served_graph
from serving.store import (
    GraphReader,
    GraphWriter,
    StoreError,
    StoreLockedError,
    StoreMissingError,
    graph_directory,
    move_aside,
)
from serving.versions import version_text
from wiregraph.errors import Failure, UsageError
from wiregraph.stack import APPLIER, SERVER, read_stack

FORMAT = 1
MANIFEST = "backup.json"
CHUNK_BYTES = 1024 * 1024


class FileRecord(BaseModel):
    """A file of a backup: bytes and SHA-256."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Backup(BaseModel):
    """What a backup holds; `version` is how far the store was, `rows` is how many rows it has."""

    model_config = ConfigDict(frozen=True)

    format: int
    graph: str
    version: str
    applied_at_ms: int
    facts: int
    rows: int
    files: dict[str, FileRecord]


def backup(directory: Path, graph: str, target: Path) -> Backup:
    """Copies a graph's store, "" is the served one; raises `UsageError` or `Failure`."""
    store = directory / "store"
    name = graph or served_graph(store)
    _check_target(target)
    try:
        checkpoint = take_checkpoint(graph_directory(store, name))
    except ValueError as error:
        raise UsageError(f"--graph: {error}") from error
    except StoreMissingError as error:
        raise Failure(f"{error}: see `wiregraph graph list`") from error
    except StoreError as error:
        raise Failure(f"graph {name!r} cannot be copied: {error}") from error
    try:
        return _write(checkpoint, name, target)
    except (StoreError, ProgressError, OSError) as error:
        raise Failure(f"graph {name!r} cannot be copied to {target}: {error}") from error
    finally:
        shutil.rmtree(checkpoint, ignore_errors=True)


def _check_target(target: Path) -> None:
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} is not empty: give a new directory")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{target} cannot be made: {error.strerror}") from error


def _write(checkpoint: Path, name: str, target: Path) -> Backup:
    with GraphReader(checkpoint) as reader:
        progress = reader.view().progress()
        if not progress.ready:
            raise ProgressError("it is still being built")
        rows = _rows(reader)
    files = {file.name: _copy(file, target / file.name) for file in sorted(checkpoint.iterdir())}
    made = Backup(
        format=FORMAT,
        graph=name,
        version=version_text(progress),
        applied_at_ms=progress.applied_at_ms,
        facts=progress.facts,
        rows=rows,
        files=files,
    )
    fresh = target / f"{MANIFEST}.new"
    fresh.write_text(made.model_dump_json(indent=2) + "\n", "utf-8")
    fresh.replace(target / MANIFEST)
    return made


def _rows(store: GraphReader | GraphWriter) -> int:
    """Reads everything, so that every checksum is looked at; gives the number of rows."""
    return sum(key.startswith(keyspace.ROW) for key, _ in store.view().scan(b"\0", b"\xff"))


def _copy(source: Path, target: Path) -> FileRecord:
    digest = hashlib.sha256()
    size = 0
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return FileRecord(size=size, sha256=digest.hexdigest())


def restore(directory: Path, source: Path) -> Backup:
    """Puts a backup in its graph's place; what was there is kept aside. Raises `UsageError` or `Failure`."""
    made = read_manifest(source)
    stack = read_stack(directory)
    running = [name for name in (APPLIER, SERVER) if stack.runs(name)]
    if running:
        raise Failure(f"the {running[0]} runs: `wiregraph stack down` first")
    try:
        path = graph_directory(directory / "store", made.graph)
    except ValueError as error:
        raise Failure(f"{source / MANIFEST}: {error}") from error
    fresh = path.with_name(f".restore-{path.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        _copy_checked(source, made, fresh)
        _check_store(fresh, made)
        _replace(path, fresh)
    except (OSError, StoreError, ProgressError) as error:
        raise Failure(f"the backup in {source} cannot be restored: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return made


def read_manifest(source: Path) -> Backup:
    """What a backup says of itself; raises `UsageError` where there is none."""
    try:
        made = Backup.model_validate_json((source / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(f"there is no complete backup in {source}") from error
    if made.format != FORMAT:
        raise UsageError(f"the backup in {source} has format {made.format}, not {FORMAT}")
    return made


def _copy_checked(source: Path, made: Backup, fresh: Path) -> None:
    for name, expected in made.files.items():
        if Path(name).name != name:
            raise Failure(f"the backup in {source} names {name!r}, which is no file of a store")
        if _copy(source / name, fresh / name) != expected:
            raise Failure(f"{source / name} is not what was backed up: use another backup")


def _check_store(fresh: Path, made: Backup) -> None:
    with GraphWriter(fresh) as store:
        progress: Progress | None = store.progress()
        if progress is None or version_text(progress) != made.version or _rows(store) != made.rows:
            raise Failure("the backup's store is not what its manifest says: use another backup")


def _replace(path: Path, fresh: Path) -> None:
    if path.exists():
        try:
            GraphWriter(path).close()
        except StoreLockedError as error:
            raise Failure(f"an applier writes {path}: end it first") from error
        except StoreError:
            pass  # Broken, which is why it is replaced.
        move_aside(path, clock_ms())
    forget_broken(path)
    fresh.rename(path)
