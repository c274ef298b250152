from dataclasses import replace
from pathlib import Path

import orjson

from serving.changes import (
    KEPT,
    BucketSums,
    Changes,
    EdgeChange,
    FactChange,
    RepeatChange,
    dump_changes,
    load_changes,
    numbered,
    unrecorded,
)
from serving.keyspace import CHANGE, change_key
from serving.progress import Progress
from serving.store import GraphReader
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store

CHANGES = Changes(
    ("org:b",),
    (EdgeChange("org:a", "org:b", "1", 60_000, 1, 7, -7),),
    (BucketSums("org:a", "1", 60_000, (1, 2, 3, -4, 5, 0, 0, 1)), BucketSums("org:a", "2", 0, None)),
    (FactChange("org:a", 61_000, "ner-1"), FactChange("org:b", 62_000, None)),
    (RepeatChange("org:a", 60_000, 1),),
)
PROGRESS = Progress("topic", {})


def test_a_record_comes_back() -> None:
    assert load_changes(dump_changes(CHANGES)) == CHANGES
    assert load_changes(orjson.dumps((["org:a"], [], [], []))) is None  # As an earlier release wrote.


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
    assert changes is not None
    assert changes.nodes == ("org:a", "org:b")
    assert set(changes.facts) == {FactChange(one, BASE_MS, "ner=1 sentiment=1") for one in ("org:a", "org:b")}
    assert sorted((one.entity, one.grain, one.sums and one.sums[0]) for one in changes.buckets) == [
        (entity, grain, 1) for entity in ("org:a", "org:b") for grain in "123"
    ]
    assert [(one.a, one.b, one.grain, one.articles) for one in changes.edges] == [
        ("org:a", "org:b", grain, 1) for grain in "123"
    ]
