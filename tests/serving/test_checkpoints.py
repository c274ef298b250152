from pathlib import Path
from threading import Thread

import pytest

from serving.checkpoints import answer_request, take_checkpoint
from serving.keyspace import Entry
from serving.progress import Progress
from serving.store import GraphReader, GraphWriter, StoreBusyError, StoreMissingError

PROGRESS = Progress("topic", {0: 1})


def filled(path: Path) -> GraphWriter:
    writer = GraphWriter(path)
    writer.write([Entry(b"key", b"one")], [], PROGRESS)
    return writer


def held(path: Path) -> tuple[bytes | None, Progress]:
    with GraphReader(path) as reader:
        return reader.view().get(b"key"), reader.view().progress()


def beside(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


def test_who_wants_one_makes_it_where_nobody_writes(tmp_path: Path) -> None:
    filled(tmp_path / "live").close()
    found = take_checkpoint(tmp_path / "live")
    assert held(found) == (b"one", PROGRESS)
    assert beside(tmp_path / "live") == {"live", found.name}
    with GraphWriter(tmp_path / "live") as writer:
        writer.write([Entry(b"key", b"two")], [], PROGRESS)
    assert held(found) == (b"one", PROGRESS)
    assert held(take_checkpoint(tmp_path / "live"))[0] == b"two"


def test_the_writer_makes_it_between_two_batches(tmp_path: Path) -> None:
    with filled(tmp_path / "live") as writer:
        answer_request(writer)
        assert beside(tmp_path / "live") == {"live"}
        found: list[Path] = []
        thread = Thread(target=lambda: found.append(take_checkpoint(tmp_path / "live")))
        thread.start()
        while thread.is_alive():
            answer_request(writer)
        assert held(*found) == (b"one", PROGRESS)


def test_a_writer_that_does_not_answer_is_waited_for_so_long(tmp_path: Path) -> None:
    with filled(tmp_path / "live") as writer:
        with pytest.raises(StoreBusyError, match="made no checkpoint"):
            take_checkpoint(tmp_path / "live", timeout_s=0.1)
        answer_request(writer)
    assert beside(tmp_path / "live") == {"live"}


def test_without_a_store_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        take_checkpoint(tmp_path / "live")
    assert list(tmp_path.iterdir()) == []
