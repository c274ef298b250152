from pathlib import Path

import pytest

from wiregraph.errors import Failure
from wiregraph.pseudonym_key import _write, ensure_key, key_file, stack_pseudonyms


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = ensure_key(tmp_path)
    first = file.read_text()
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert ensure_key(tmp_path).read_text() == first
    assert list(file.parent.iterdir()) == [file]
    assert ensure_key(tmp_path / "other").read_text() != first


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o755)
    ensure_key(tmp_path)
    assert mode(tmp_path / "secrets") == 0o700


def test_a_key_that_another_process_made_meanwhile_wins(tmp_path: Path) -> None:
    file = ensure_key(tmp_path)
    first = file.read_text()
    _write(file, "another")
    assert file.read_text() == first
    assert list(file.parent.iterdir()) == [file]


def test_pseudonyms_are_those_of_the_stacks_key(tmp_path: Path) -> None:
    ensure_key(tmp_path)
    ensure_key(tmp_path / "other")
    assert stack_pseudonyms(tmp_path)("ann") == stack_pseudonyms(tmp_path)("ann")
    assert stack_pseudonyms(tmp_path)("ann") != stack_pseudonyms(tmp_path / "other")("ann")


def test_without_a_key_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="stack up"):
        stack_pseudonyms(tmp_path)
    key_file(tmp_path).parent.touch()
    with pytest.raises(Failure, match="cannot be made"):
        ensure_key(tmp_path)
