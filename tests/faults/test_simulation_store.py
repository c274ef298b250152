"""What stands for the store in the simulation behaves as the store does, call by call."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.keyspace import Entry
from serving.progress import Progress
from serving.store import GraphReader, GraphWriter, StoreError, StoreLockedError, StoreMissingError
from tests.faults.simulation.store import Disk, SimulatedReader, SimulatedWriter

KEYS = st.binary(min_size=1, max_size=2)
BATCHES = st.tuples(st.lists(st.builds(Entry, KEYS, st.binary(max_size=3)), max_size=6), st.lists(KEYS, max_size=4))
ASKED = st.tuples(st.lists(KEYS, max_size=4), KEYS, KEYS)


def look(writer: GraphWriter, keys: list[bytes], lower: bytes, upper: bytes) -> Iterable[object]:
    view = writer.view()
    yield writer.get_many(keys)
    yield [view.get(key) for key in keys]
    yield list(view.scan(lower, upper))
    yield list(view.scan_prefix(lower[:1])) if lower[0] < 0xFF else None
    yield view.empty()
    try:
        yield writer.progress()
    except ValueError as error:
        yield str(error)


@settings(max_examples=25)
@given(st.lists(st.tuples(BATCHES, ASKED, st.booleans()), max_size=6))
def test_writes_and_reads_are_those_of_the_store(
    steps: list[tuple[tuple[list[Entry], list[bytes]], tuple[list[bytes], bytes, bytes], bool]],
) -> None:
    with TemporaryDirectory() as directory:
        path, disk = Path(directory) / "g", Disk("disk")
        real, simulated = GraphWriter(path), SimulatedWriter(path, disk)
        held = (real.view(), simulated.view())
        for number, ((puts, deletes), asked, reopened) in enumerate(steps):
            for writer in (real, simulated):
                writer.write(puts, deletes, Progress("topic", {0: number}))
            assert list(look(real, *asked)) == list(look(simulated, *asked))
            before, before_simulated = (list(view.scan(b"\0", b"\xff")) for view in held)
            assert before == before_simulated  # A view stays as it was.
            if reopened:
                del held
                real.close()
                simulated.close()
                real, simulated = GraphWriter(path), SimulatedWriter(path, disk)
                held = (real.view(), simulated.view())
        del held
        real.close()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    disk = Disk("disk")
    with GraphWriter(tmp_path / "g"), pytest.raises(StoreLockedError):
        GraphWriter(tmp_path / "g")
    with SimulatedWriter(tmp_path, disk), pytest.raises(StoreLockedError):
        SimulatedWriter(tmp_path, disk)


def test_readers_follow_and_find_nothing_where_nothing_is(tmp_path: Path) -> None:
    disk = Disk("disk")

    def followed(writer: GraphWriter, reader: GraphReader | SimulatedReader) -> list[object]:
        before = reader.view()
        found: list[object] = [reader.catch_up(), reader.replaced()]
        writer.write([Entry(b"b", b"2")], [b"a"], Progress("topic", {0: 2}))
        found += [list(reader.view().scan(b"a", b"c")), reader.catch_up(), list(reader.view().scan(b"a", b"c"))]
        return [*found, list(before.scan(b"a", b"c")), reader.catch_up()]

    with pytest.raises(StoreMissingError):
        GraphReader(tmp_path / "g")
    with pytest.raises(StoreError):
        SimulatedReader(disk, lambda _disk: True)
    with GraphWriter(tmp_path / "g") as real, SimulatedWriter(tmp_path, disk) as simulated:
        for writer in (real, simulated):
            writer.write([Entry(b"a", b"1")], [], Progress("topic", {0: 1}))
        with GraphReader(tmp_path / "g") as reader:
            assert followed(real, reader) == followed(simulated, SimulatedReader(disk, lambda _disk: True))
