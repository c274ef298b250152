import json
from pathlib import Path

import pytest

from serving.served import served_graph
from tests.serving.filling import fill_store
from tests.wiregraph.graph_stores import ARTICLES, filled_stack, run


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return filled_stack(tmp_path / "stack")


def test_the_list_says_which_graph_is_served(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    (directory / "store" / "half").mkdir()
    run(directory, "graph", "promote", "again")
    found = json.loads(run(directory, "graph", "list", "--json"))
    assert [(one["name"], one["served"], one["state"], one["facts"]) for one in found] == [
        ("live", False, "ready", 100),
        ("again", True, "ready", 6),
        ("half", False, "broken", 0),
    ]
    assert "again" in run(directory, "graph", "list")
    run(directory, "graph", "promote", "live")
    assert served_graph(directory / "store") == "live"


def test_only_a_graph_that_is_ready_can_be_served(directory: Path) -> None:
    for name in ("nobody", "../live", ""):
        with pytest.raises(UsageError):
            run(directory, "graph", "promote", name)
    with GraphWriter(directory / "store" / "half") as writer:
        writer.write((), (), Progress("topic", {0: 3}, build_to={0: 9}))
    with pytest.raises(Failure, match="still being built"):
        run(directory, "graph", "promote", "half")
    assert served_graph(directory / "store") == "live"


def test_a_graph_whose_replay_is_not_over_is_not_served(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    plan = directory / "replays" / "again.json"
    plan.parent.mkdir()
    plan.touch()
    with pytest.raises(Failure, match="built by a replay"):
        run(directory, "graph", "promote", "again")
    plan.with_suffix(".complete").touch()
    run(directory, "graph", "promote", "again")
    assert served_graph(directory / "store") == "again"


def test_the_served_graph_and_the_live_one_are_not_dropped(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    with pytest.raises(Failure, match="is served"):
        run(directory, "graph", "drop", "live")
    run(directory, "graph", "promote", "again")
    with pytest.raises(Failure, match="is served"):
        run(directory, "graph", "drop", "again")
    with pytest.raises(Failure, match="it stays"):
        run(directory, "graph", "drop", "live")
    with pytest.raises(UsageError, match="no graph 'nobody'"):
        run(directory, "graph", "drop", "nobody")


def test_a_backup_gives_the_same_graph_again(directory: Path, tmp_path: Path) -> None:
    store = directory / "store" / "live"
    before = dumped(store)
    assert "100 facts" in run(directory, "backup", str(tmp_path / "copy"))
    assert not list(store.parent.glob(".checkpoint*"))
    fill_store(store, [*ARTICLES, Article("later", BASE_MS, BASE_MS, (Said("org:c", 1, 1),))])
    assert dumped(store) != before
    mark_broken(store, (store / "IDENTITY").read_text())
    restored = json.loads(run(directory, "restore", str(tmp_path / "copy"), "--json"))
    assert (restored["graph"], restored["facts"]) == ("live", 100)
    assert dumped(store) == before
    assert not is_broken(store, (store / "IDENTITY").read_text())
    assert len(list(store.parent.glob("live.aside-*"))) == 1
    run(tmp_path / "replica", "restore", str(tmp_path / "copy"))
    assert dumped(tmp_path / "replica" / "store" / "live") == before


def test_a_damaged_backup_is_not_restored(directory: Path, tmp_path: Path) -> None:
    run(directory, "backup", str(tmp_path / "copy"))
    before = dumped(directory / "store" / "live")
    for name in ("CURRENT", next((tmp_path / "copy").glob("*.sst")).name):
        damaged = shutil.copytree(tmp_path / "copy", tmp_path / f"damaged-{name}")
        content = bytearray((damaged / name).read_bytes())
        content[len(content) // 2] ^= 1
        (damaged / name).write_bytes(content)
        with pytest.raises(Failure, match="is not what was backed up"):
            run(directory, "restore", str(damaged))
    (tmp_path / "copy" / MANIFEST).unlink()
    with pytest.raises(UsageError, match="no complete backup"):
        run(directory, "restore", str(tmp_path / "copy"))
    assert dumped(directory / "store" / "live") == before
    assert {path.name for path in (directory / "store").iterdir()} == {"live"}


def test_a_manifest_that_names_other_places_is_refused(directory: Path, tmp_path: Path) -> None:
    run(directory, "backup", str(tmp_path / "copy"))
    manifest = tmp_path / "copy" / MANIFEST
    content = json.loads(manifest.read_text())
    content["files"]["../../escaped"] = content["files"]["CURRENT"]
    manifest.write_text(json.dumps(content))
    with pytest.raises(Failure, match="no file of a store"):
        run(directory, "restore", str(tmp_path / "copy"))
    content["graph"] = "../escaped"
    manifest.write_text(json.dumps(content))
    with pytest.raises(Failure, match="no name of a graph"):
        run(directory, "restore", str(tmp_path / "copy"))


def test_a_backup_goes_to_a_new_place_and_of_a_graph_that_there_is(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(UsageError, match="is not empty"):
        run(directory, "backup", str(tmp_path / "full"))
    with pytest.raises(Failure, match="graph list"):
        run(directory, "backup", str(tmp_path / "copy"), "--graph", "nobody")
