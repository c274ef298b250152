"""A reader keeps deleted files open for a while, and lets go of them in a thread of its own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from serving import held_files
from serving.held_files import HeldFiles
from serving.listing import Directory, Listing


def held(path: Path) -> list[str]:
    """What this process has open below a directory."""
    opened = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return sorted(one.name for one in opened if one.is_relative_to(path))


def test_deleted_files_are_closed_later_and_not_by_who_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and logs are held, each once."""
    for name in ("1.sst", "2.sst", "3.log", "CURRENT"):
        (tmp_path / name).write_bytes(b"x")
    files = HeldFiles(tmp_path)
    files.look(Directory(tmp_path).now())
    files.look(Directory(tmp_path).now())
    assert held(tmp_path) == ["1.sst", "2.sst", "3.log"]

    (tmp_path / "1.sst").unlink()
    (tmp_path / "3.log").unlink()
    listing = Directory(tmp_path).now()
    files.look(listing)
    assert held(tmp_path) == ["1.sst (deleted)", "2.sst", "3.log (deleted)"]
    monkeypatch.setattr(held_files, "HELD_S", 0.0)
    files.look(listing)  # Nothing need come or go for that.
    deadline = time.monotonic() + 10
    while held(tmp_path) != ["2.sst"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert held(tmp_path) == ["2.sst"]

    (tmp_path / "2.sst").unlink()
    (tmp_path / "4.sst").write_bytes(b"x")
    monkeypatch.setattr(held_files, "HELD_S", 60.0)
    files.look(Directory(tmp_path).now())
    files.close()
    assert held(tmp_path) == []


def test_a_file_that_went_away_after_it_was_listed_is_no_error(tmp_path: Path) -> None:
    """The writer deletes at any time."""
    files = HeldFiles(tmp_path)
    files.look(Listing(frozenset({"1.sst"})))
    files.close()
    assert held(tmp_path) == []
