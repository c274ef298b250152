"""What a job goes on from: the newest there is, or what a user names; a job that claims gets a copy of its own."""

import os
from pathlib import Path

import pytest

from wiregraph.errors import UsageError
from wiregraph.snapshots import newest_snapshot, restore_from


def snapshot(path: Path, age_s: int) -> str:
    path.mkdir(parents=True)
    metadata = path / "_metadata"
    metadata.touch()
    os.utime(metadata, (1_000_000 - age_s,) * 2)
    return path.as_uri()


def test_the_newest_snapshot_of_either_kind(tmp_path: Path) -> None:
    assert newest_snapshot(tmp_path) == ""
    snapshot(tmp_path / "checkpoints" / "job1" / "chk-9", 20)
    newest = snapshot(tmp_path / "savepoints" / "savepoint-a", 10)
    assert newest_snapshot(tmp_path) == newest
    newest = snapshot(tmp_path / "checkpoints" / "job2" / "chk-1", 5)
    (tmp_path / "checkpoints" / "job2" / "chk-2").mkdir()
    assert newest_snapshot(tmp_path) == newest


def test_a_savepoint_is_meant_from_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = snapshot(tmp_path / "mine", 1)
    monkeypatch.chdir(tmp_path)
    assert restore_from(tmp_path / "state", "mine", claims=False) == place
    assert restore_from(tmp_path / "state", place, claims=False) == place


@pytest.mark.parametrize("uri", [False, True])
def test_who_takes_a_savepoint_over_gets_a_copy(tmp_path: Path, *, uri: bool) -> None:
    state, place = tmp_path / "state", tmp_path / "a place"
    named = snapshot(place, 1)
    own = state / "savepoints" / "from-a place"
    assert restore_from(state, named if uri else str(place), claims=True) == own.as_uri()
    assert (own / "_metadata").is_file()
    assert restore_from(state, own.as_uri(), claims=True) == own.as_uri()


def test_a_savepoint_that_cannot_be_copied_is_not_taken_over(tmp_path: Path) -> None:
    far = "s3://bucket/savepoint-1"
    assert restore_from(tmp_path, far, claims=False) == far
    with pytest.raises(UsageError, match="copy it into a folder"):
        restore_from(tmp_path, far, claims=True)


def test_a_checkpoint_gets_the_files_that_it_names_of_the_savepoint_before(tmp_path: Path) -> None:
    first = tmp_path / "savepoints" / "savepoint-a"
    snapshot(first, 30)
    (first / "1234-abcd").write_bytes(b"state")
    (first / "5678-abcd").write_bytes(b"of no more use")
    for number in (1, 2):  # Each is restored from the one before.
        place = tmp_path / "checkpoints" / f"job{number}" / "chk-7"
        snapshot(place, 20 - number)
        (place / "_metadata").write_bytes(b"\0\x091234-abcd\0")
        assert restore_from(tmp_path, "", claims=False) == place.as_uri()
        assert not (place / "1234-abcd").exists()
        assert restore_from(tmp_path, "", claims=True) == place.as_uri()
        assert (place / "1234-abcd").read_bytes() == b"state"
        assert sorted(one.name for one in place.iterdir()) == ["1234-abcd", "_metadata"]
        for old in tmp_path.glob("savepoints/*/*"):
            old.unlink()
