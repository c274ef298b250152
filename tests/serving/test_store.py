import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.keyspace import Entry, after_prefix
from serving.progress import Progress, ProgressError
from serving.store import (
    GraphReader,
    GraphWriter,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreMissingError,
    graph_directory,
    move_aside,
)

PROGRESS = Progress("topic", {0: 1})


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with GraphWriter(tmp_path / "g"), pytest.raises(StoreLockedError):
        GraphWriter(tmp_path / "g")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond a page: as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_at_closing_too_and_the_lock_is_given_back(tmp_path: Path) -> None:
    writer = GraphWriter(tmp_path / "g")
    with full_disk():
        with pytest.raises(StoreBusyError, match="File too large"):
            writer.write([Entry(b"a", os.urandom(100_000))], [], PROGRESS)
        with pytest.raises(StoreBusyError, match="File too large"):
            writer.close()
    with GraphWriter(tmp_path / "g") as writer:
        writer.write([Entry(b"a", b"1")], [], PROGRESS)


def test_there_is_nothing_to_read_where_nothing_was_written(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        GraphReader(tmp_path / "g")
    assert not (tmp_path / "g").exists()


def test_an_empty_store_has_no_progress_and_a_full_one_must(tmp_path: Path) -> None:
    with GraphWriter(tmp_path / "g") as writer:
        assert writer.progress() is None
        writer.write([Entry(b"rkey", b"value")], [b"m"], PROGRESS)
        assert writer.progress() == PROGRESS
        writer._db.delete(b"m")
        with pytest.raises(ProgressError):
            writer.progress()


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    with GraphWriter(tmp_path / "g") as writer:
        writer.write([Entry(b"a1", b"1"), Entry(b"a2", b"2"), Entry(b"b", b"3")], [], PROGRESS)
        with GraphReader(tmp_path / "g") as reader:
            before = reader.view()
            assert list(before.scan_prefix(b"a")) == [(b"a1", b"1"), (b"a2", b"2")]
            assert (before.get(b"a1"), before.get(b"a"), before.get(b"z")) == (b"1", None, None)
            assert before.progress() == PROGRESS
            assert not reader.catch_up()
            assert not reader.written()
            writer.write([Entry(b"a3", b"4")], [b"a1"], Progress("topic", {0: 2}))
            assert reader.written()
            assert reader.catch_up()
            assert not reader.written()
            assert [key for key, _ in reader.view().scan(b"a1", b"b")] == [b"a2", b"a3"]
            assert [key for key, _ in before.scan(b"a1", b"b")] == [b"a1", b"a2"]  # A view stays as it was.
    assert not list(Path(reader._scratch).parent.glob(Path(reader._scratch).name))


def test_a_reader_notices_that_its_store_was_replaced(tmp_path: Path) -> None:
    with GraphWriter(tmp_path / "g") as writer:
        writer.write([], [], PROGRESS)
    with GraphReader(tmp_path / "g") as reader:
        assert not reader.replaced()
        move_aside(tmp_path / "g", 1)
        assert reader.replaced()
        with GraphWriter(tmp_path / "g"):
            assert reader.replaced()
            assert reader.view().progress() == PROGRESS  # The old one can be read until it is let go of.
            with pytest.raises(StoreMissingError, match="another store"):
                reader.catch_up()


def test_a_reader_does_not_bring_back_the_directory_of_a_dropped_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GraphWriter(tmp_path / "g") as writer:
        writer.write([], [], PROGRESS)
    with GraphReader(tmp_path / "g") as reader:
        GraphWriter(tmp_path / "g").close()  # Its manifest is another, so the reader opens it anew.

        def drop_it_now(_: GraphReader) -> bool:
            (tmp_path / "g").rename(tmp_path / "dropped")
            return False

        monkeypatch.setattr(GraphReader, "replaced", drop_it_now)
        with pytest.raises(StoreError):
            reader.catch_up()
        assert not (tmp_path / "g").exists()


def test_a_reader_that_missed_the_end_of_a_log_shows_what_became_of_it(tmp_path: Path) -> None:
    def written(writer: GraphWriter, value: bytes) -> None:
        writer.write([Entry(b"key", value)], [], PROGRESS)

    with GraphWriter(tmp_path / "g") as writer:
        for value in (b"1", b"2"):
            written(writer, value)
            writer._db.flush()
        written(writer, b"3")
        reader = GraphReader(tmp_path / "g")
        before = reader.view()
        written(writer, b"4")
        writer._db.flush()
        writer._db.compact_range(None, None)  # RocksDB forgets that this is later than what is in the log.
        assert reader.catch_up()
        assert (reader.view().get(b"key"), before.get(b"key")) == (b"4", b"3")
        assert not reader.catch_up()
        written(writer, b"5")
        assert reader.catch_up()
        written(writer, b"6")
    with reader, GraphWriter(tmp_path / "g") as writer:
        writer._db.compact_range(None, None)
        writer.write([Entry(b"other", b"1")], [], PROGRESS)
        assert reader.catch_up()
        assert reader.view().get(b"key") == b"6"


def test_a_broken_store_is_no_store(tmp_path: Path) -> None:
    with GraphWriter(tmp_path / "g") as writer:
        writer.write([Entry(b"r%d" % number, b"x" * 100) for number in range(1_000)], [], PROGRESS)
        writer._db.flush()
    table = next((tmp_path / "g").glob("*.sst"))
    os.truncate(table, table.stat().st_size // 2)
    with pytest.raises(StoreError) as raised:
        GraphWriter(tmp_path / "g")
    assert type(raised.value) is StoreCorruptError


def test_only_the_latest_store_is_kept_aside(tmp_path: Path) -> None:
    for stamp in (1, 2):
        (tmp_path / "g").mkdir()
        move_aside(tmp_path / "g", stamp)
    assert [path.name for path in tmp_path.iterdir()] == ["g.aside-2"]


@pytest.mark.parametrize("name", ["..", "a/b", "a.b", "-a", "x" * 101, "a\n"])
def test_names_that_could_lead_astray_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a graph"):
        graph_directory(Path("store"), name)


def test_the_live_graph_has_no_name() -> None:
    assert graph_directory(Path("store"), "") == Path("store/live")


def test_the_end_of_a_prefix() -> None:
    assert after_prefix(b"ab") == b"ac"
    assert after_prefix(b"a\xff") == b"b"
