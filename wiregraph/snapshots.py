"""What a job can go on from: checkpoints and savepoints under its state, DIR/state/NAME."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wiregraph.errors import UsageError

METADATA = "_metadata"


def newest_snapshot(state: Path) -> str:
    """The URI of the newest complete one; empty where there is none."""
    newest = _newest(state)
    return newest.as_uri() if newest else ""


def restore_from(state: Path, savepoint: str | None, *, claims: bool) -> str:
    """The URI of what to start from: of `savepoint`, of the newest one where it is empty, and nothing for None.

    A job that claims takes over what it is restored from and deletes it in time, so it gets a copy of its own. Raises
    UsageError for what is no savepoint.
    """
    if savepoint is None:
        return ""
    if urlsplit(savepoint).scheme and not claims:
        return savepoint  # Only Flink can look at it.
    place = _named(state, savepoint, claims=claims) if savepoint else _newest(state)
    if place is None:
        return ""
    if claims:
        _complete(state, place)
    return place.as_uri()


def _newest(state: Path) -> Path | None:
    found = [*state.glob(f"checkpoints/*/chk-*/{METADATA}"), *state.glob(f"savepoints/*/{METADATA}")]
    newest = max(found, key=lambda file: file.stat().st_mtime_ns, default=None)
    return newest.parent.absolute() if newest else None


def _named(state: Path, savepoint: str, *, claims: bool) -> Path:
    uri = urlsplit(savepoint)
    if uri.scheme not in ("", "file"):
        raise UsageError(f"this job would take {savepoint} over and delete it: copy it into a folder, name that")
    place = Path(url2pathname(uri.path) if uri.scheme else savepoint).absolute()
    if not (place / METADATA).is_file():
        raise UsageError(f"{savepoint} is no savepoint: it has no file {METADATA}")
    if claims and not place.is_relative_to(state):
        place = shutil.copytree(place, state / "savepoints" / f"from-{place.name}", dirs_exist_ok=True)
    return place


def _complete(state: Path, place: Path) -> None:
    """Have the files lie beside a checkpoint that it only names, without their folder, so that Flink looks there.

    They are those of the savepoint that its job was restored from: until the changelog backend has first written down
    all state, minutes later, its checkpoints go on to need them.
    """
    named = (place / METADATA).read_bytes()
    for file in (*state.glob("savepoints/*/*"), *state.glob("checkpoints/*/chk-*/*")):
        if file.name.encode() in named and not (place / file.name).exists():
            _link(file, place / file.name)


def _link(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # Not all file systems can.
        shutil.copyfile(file, name)
