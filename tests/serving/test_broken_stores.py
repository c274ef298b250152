"""Stores whose files were cut or changed: what is read of them is what was written, or nothing at all."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from serving.apply import Poll, apply_poll
from serving.broken import is_broken
from serving.progress import Progress, ProgressError
from serving.store import GraphReader, GraphWriter, StoreCorruptError, StoreError, View
from tests.oracles.graph import Article, Said, changelog
from tests.oracles.strategies import BASE_MS
from tests.serving.running import Running, answers, status_of, until
from wiregraph.v1 import graph_pb2

TRIES = int(os.environ.get("WIREGRAPH_FLIPS", "60"))
ARTICLES = [Article(f"a{n}", BASE_MS + 60_000 * n, BASE_MS, (Said(f"org:e{n % 7}", n, n),)) for n in range(120)]
Contents = frozenset[tuple[bytes, bytes]]


def contents(view: View) -> Contents:
    return frozenset(view.scan(b"\0", b"\xff"))


def written(path: Path) -> list[Contents]:
    """A store in three batches: one in a table, one in another, one in the log; gives what it held after each."""
    rows = changelog(ARTICLES)
    progress = Progress("topic", {})
    held = []
    with GraphWriter(path.with_name("open")) as writer:
        for batch, end in enumerate((400, 800, len(rows))):
            at = progress.offsets.get(0, 0)
            records = [row.record(at + number) for number, row in enumerate(rows[at:end])]
            progress = apply_poll(writer, Poll(records, {0: end}), progress, 1).progress
            held.append(contents(writer.view()))
            if batch < 2:
                writer._db.flush()
        shutil.copytree(writer.path, path)  # As a kill would leave it: closing writes the log into a table.
    shutil.rmtree(writer.path)
    return held


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Contents]]:
    path = tmp_path_factory.mktemp("stores") / "whole"
    held = written(path)
    return path, [frozenset(), *held]


def flip(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def cut(file: Path, chance: random.Random) -> None:
    os.truncate(file, chance.randrange(file.stat().st_size))


def test_a_damaged_store_is_an_older_one_or_none(store: tuple[Path, list[Contents]], tmp_path: Path) -> None:
    whole, held = store
    chance = random.Random(5)
    names = sorted(file.name for file in whole.iterdir() if file.stat().st_size and file.name[0] in "0123456789CM")
    assert {name.split("-")[0].split(".")[-1] for name in names} >= {"sst", "log", "CURRENT", "MANIFEST"}
    noticed = 0
    for number in range(TRIES):
        path = shutil.copytree(whole, tmp_path / str(number))
        name, damage = names[number % len(names)], chance.choice([flip, cut])
        damage(path / name, chance)
        for read in (read_as_server, read_as_applier):
            try:
                found = read(path)
            except (StoreError, ProgressError):
                noticed += 1
            else:
                assert found in held, (number, name, damage.__name__, read.__name__)
        shutil.rmtree(path)
    assert noticed


def read_as_server(path: Path) -> Contents:
    with GraphReader(path) as reader:
        return contents(reader.view())


def read_as_applier(path: Path) -> Contents:
    with GraphWriter(path) as writer:
        writer.progress()
        return contents(writer.view())


def test_a_store_without_current_is_not_begun_anew(store: tuple[Path, list[Contents]], tmp_path: Path) -> None:
    path = shutil.copytree(store[0], tmp_path / "g")
    (path / "CURRENT").unlink()
    with pytest.raises(StoreCorruptError):
        GraphWriter(path)


def test_a_reader_that_meets_damage_serves_no_more_and_tells_the_applier(
    store: tuple[Path, list[Contents]], empty: Running
) -> None:
    path = shutil.copytree(store[0], empty.store / "live")
    damage_tables(path)
    identity = (path / "IDENTITY").read_text()
    ask = asking(empty)
    until(lambda: status_of(ask)[0] is grpc.StatusCode.UNAVAILABLE and is_broken(path, identity))
    code, details = status_of(ask)
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "graph 'live' is broken and is being built again")
    with next(path.glob("*.log")).open("ab") as log:
        log.write(b"more")
    assert not empty.server._graphs.written()  # Else it would look for ever.
    shutil.rmtree(path)
    written(path)
    until(lambda: answers(ask))
    assert not is_broken(path, (path / "IDENTITY").read_text())


def damage_tables(path: Path) -> None:
    """All over the data blocks, but not where a table says what it holds, so that it opens."""
    for table in path.glob("*.sst"):
        content = bytearray(table.read_bytes())
        for at in range(50, len(content) * 2 // 3, 200):
            content[at] ^= 0xFF
        table.write_bytes(content)


def asking(running: Running) -> Callable[[], object]:
    return lambda: running.graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:e1"))
