"""A store's directory is read again where it changed, and as long as a change could not be told from the one before."""

import os
import shutil
from pathlib import Path

import pytest

from serving import listing
from serving.listing import Directory, Listing

LONG_AGO_NS = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "store"
    made.mkdir()
    for name in ("1.sst", "2.log", "CURRENT"):
        (made / name).write_text(f"MANIFEST {name}")
    return made


def settle(path: Path, time_ns: int = LONG_AGO_NS) -> None:
    """As if nothing had come or gone for long."""
    os.utime(path, ns=(time_ns, time_ns))


def names(found: Listing) -> tuple[set[str], set[str], bytes]:
    return {*found.files}, {*found.logs}, found.manifest


def test_a_directory_that_stays_is_listed_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(path)
    directory = Directory(path)
    first = directory.now()
    assert names(first) == ({"1.sst", "2.log", "CURRENT"}, {"2.log"}, b"MANIFEST CURRENT")
    monkeypatch.setattr(listing, "file_names", None)
    (path / "2.log").write_text("longer, which is no change of names")
    assert directory.now() is first


def test_what_comes_goes_or_is_renamed_is_seen(path: Path) -> None:
    settle(path)
    directory = Directory(path)
    first = directory.now()
    (path / "3.log").write_text("")
    second = directory.now()
    assert second.logs - first.logs == {"3.log"}
    settle(path, 2 * LONG_AGO_NS)
    (path / "2.log").unlink()
    assert directory.now().logs == {"3.log"}
    settle(path, 3 * LONG_AGO_NS)
    assert directory.now().manifest == b"MANIFEST CURRENT"
    (path / "new").write_text("MANIFEST 2")
    (path / "new").rename(path / "CURRENT")
    assert directory.now().manifest == b"MANIFEST 2"


def test_a_change_in_the_same_tick_is_seen(path: Path) -> None:
    """The directory's time is the same before and behind it."""
    now_ns = path.stat().st_mtime_ns
    directory = Directory(path)
    directory.now()
    (path / "3.log").write_text("")
    settle(path, now_ns)
    assert "3.log" in directory.now().logs


def test_another_directory_in_its_place_is_seen(path: Path) -> None:
    settle(path)
    directory = Directory(path)
    directory.now()
    path.rename(path.with_name("aside"))
    assert names(directory.now()) == (set(), set(), b"")
    shutil.copytree(path.with_name("aside"), path)
    (path / "1.sst").unlink()
    settle(path)
    assert directory.now().files == {"2.log", "CURRENT"}
