from dataclasses import replace
from pathlib import Path

from serving.changes import KEPT, Changes, EdgeChange, dump_changes, load_changes, numbered, unrecorded
from serving.keyspace import CHANGE, change_key
from serving.progress import Progress
from serving.store import GraphReader
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store

CHANGES = Changes(("org:a", "org:b"), ("org:b",), (EdgeChange("org:a", "org:b", "1", 60_000, 1, 7, -7),))
PROGRESS = Progress("topic", {})


def test_a_record_comes_back() -> None:
    assert load_changes(dump_changes(CHANGES)) == CHANGES


def test_records_are_numbered_and_only_the_latest_are_kept() -> None:
    first = numbered(CHANGES, PROGRESS)
    assert ([entry.key for entry in first.puts], first.deletes) == ([change_key(1)], ())
    later = numbered(CHANGES, replace(PROGRESS, changes=KEPT))
    assert (later.progress.changes, later.deletes) == (KEPT + 1, (change_key(1),))
    assert numbered(Changes(), PROGRESS).progress == PROGRESS


def test_what_an_applier_says_of_an_article(tmp_path: Path) -> None:
    said = (Said("org:a", 500_000, 100_000), Said("org:b", 400_000, 0))
    path = fill_store(tmp_path / "g", [Article("x", BASE_MS, BASE_MS, said)])
    fill_store(path, [Article("x", BASE_MS, BASE_MS, said)])  # Nothing new.
    with GraphReader(path) as reader:
        view = reader.view()
        ((_, stored),) = list(view.scan_prefix(CHANGE))
        assert view.progress().changes == 1
        assert unrecorded(view, view.progress()).deletes == (change_key(1),)
    changes = load_changes(stored)
    assert (changes.entities, changes.nodes) == (("org:a", "org:b"), ("org:a", "org:b"))
    assert [(one.a, one.b, one.grain, one.articles) for one in changes.edges] == [
        ("org:a", "org:b", grain, 1) for grain in "123"
    ]
