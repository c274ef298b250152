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
