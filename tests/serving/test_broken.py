from pathlib import Path

from serving.broken import forget_broken, is_broken, mark_broken


def test_a_mark_is_of_one_store_and_not_of_the_one_that_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "live"
    assert not is_broken(path, "one")
    mark_broken(path, "one")
    assert is_broken(path, "one")
    assert is_broken(path, "one")
    assert not is_broken(path, "two")
    assert list(tmp_path.iterdir()) == []


def test_a_mark_is_beside_the_store_and_of_its_graph_alone(tmp_path: Path) -> None:
    mark_broken(tmp_path / "live", "one")
    assert not is_broken(tmp_path / "again", "one")
    forget_broken(tmp_path / "live")
    assert not is_broken(tmp_path / "live", "one")
    forget_broken(tmp_path / "live")


def test_a_mark_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    mark_broken(tmp_path / "gone" / "live", "one")
    assert not is_broken(tmp_path / "gone" / "live", "one")
