"""Checkpoints of a store while its applier runs: who wants one leaves a request beside the store.

Only the writer of a RocksDB store can make a checkpoint, and only one process can be the writer. The
applier looks for requests between two batches; where none runs, whoever wants it makes it himself.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from serving.store import GraphWriter, StoreBusyError, StoreLockedError, StoreMissingError

POLL_S = 0.05
POLLS_A_TRY = 10
"""An applier answers at once; where none does, the store may have no writer. Each try leaves a log file."""


def _place(path: Path) -> Path:
    return path.with_name(f".checkpoint-{path.name}")


def _request(path: Path) -> Path:
    return path.with_name(f".checkpoint-{path.name}.wanted")


def take_checkpoint(path: Path, timeout_s: float = 60.0) -> Path:
    """A directory beside a store that holds it as it is now, for the caller to take away.

    Raises `StoreMissingError` without a store and `StoreBusyError` if the applier does not make it in time.
    """
    if not (path / "CURRENT").exists():
        raise StoreMissingError(f"no store in {path}")
    shutil.rmtree(_place(path), ignore_errors=True)
    _request(path).touch()
    try:
        for poll in range(round(timeout_s / POLL_S)):
            if _place(path).is_dir():
                return _place(path)
            if poll % POLLS_A_TRY == POLLS_A_TRY - 1:
                _make_if_unlocked(path)
            time.sleep(POLL_S)
        raise StoreBusyError(f"the applier made no checkpoint of {path} in {timeout_s:.0f} s")
    finally:
        _request(path).unlink(missing_ok=True)


def _make_if_unlocked(path: Path) -> None:
    try:
        with GraphWriter(path) as writer:
            answer_request(writer)
    except StoreLockedError:
        return


def answer_request(writer: GraphWriter) -> None:
    """Makes the checkpoint that somebody wants of a store, if so; it appears as a whole."""
    request = _request(writer.path)
    if not request.exists():
        return
    half = _place(writer.path).with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    writer.checkpoint(half)
    request.unlink(missing_ok=True)
    half.rename(_place(writer.path))
