"""Whether a store's files are all there, before it is opened: what RocksDB itself lets pass.

RocksDB takes a manifest that was cut for an older one, and replays the log on top of it, though what
lies between the two is lost; a secondary leaves tables out that are cut or missing and shows the rest.
Each write has a number. The tables that the manifest names hold all up to some number, so the log must
go on from there at the latest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_HEADER_BYTES = 7
_WHOLE_OR_FIRST = (1, 2)
_UNLINKED = ("CURRENT", "LOCK", "LOG")
_SEQUENCE_BYTES = 8


def copy_without_logs(path: Path, target: Path) -> None:
    """A store as its manifest has it now: that is copied, since the writer goes on with it; tables are linked.

    A table that goes away meanwhile is left out: who opens the copy is told so if the manifest names it.
    """
    for file in (path / "CURRENT", *path.glob("MANIFEST-*")):
        shutil.copyfile(file, target / file.name)
    for file in path.iterdir():
        if file.suffix != ".log" and file.name not in _UNLINKED and not file.name.startswith("MANIFEST-"):
            _link(file, target / file.name)


def _link(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file)
    except FileNotFoundError:
        return
    except OSError:  # Another disk.
        target.symlink_to(file.resolve())


def file_names(path: Path) -> frozenset[str]:
    """The files that a store has now; none where it was moved away."""
    try:
        return frozenset(os.listdir(path))  # noqa: PTH208 - asked many times a second
    except FileNotFoundError:
        return frozenset()


def manifest_name(path: Path) -> bytes:
    """That of the manifest in use, another one for each writer; empty where there is no store."""
    with suppress(OSError):
        return (path / "CURRENT").read_bytes()
    return b""


def logs_of(names: Iterable[str]) -> frozenset[str]:
    """The logs among a store's files."""
    return frozenset(name for name in names if name.endswith(".log"))


def first_logged(path: Path) -> int | None:
    """The number of the first write in a store's logs; None where they are empty."""
    numbers = (_first_in(file) for file in sorted(path.glob("*.log")))
    return min((number for number in numbers if number is not None), default=None)


def _first_in(log: Path) -> int | None:
    """A log is made of records: checksum (4 bytes), length (2) and type (1), then a batch, whose number comes first."""
    with log.open("rb") as file:
        start = file.read(_HEADER_BYTES + _SEQUENCE_BYTES)
    if len(start) < _HEADER_BYTES + _SEQUENCE_BYTES or start[_HEADER_BYTES - 1] not in _WHOLE_OR_FIRST:
        return None
    return int.from_bytes(start[_HEADER_BYTES:], "little")
