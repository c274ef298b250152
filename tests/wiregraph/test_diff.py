"""Two graphs side by side: the merge against sets, and what the command prints and returns."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store
from wiregraph import cli
from wiregraph.diff import Side, Tally, differences
from wiregraph.errors import UsageError

ROWS = st.dictionaries(st.sampled_from([b"fact/a", b"fact/b", b"node/c", b"node/d"]), st.sampled_from([b"1", b"2"]))


def stored(value: bytes) -> bytes:
    """A row as the store holds it: 8 bytes of version, then JSON."""
    return value.rjust(8, b"\0") + b"{}"


@given(ROWS, ROWS)
def test_differences_are_those_of_the_sets(first: dict[bytes, bytes], second: dict[bytes, bytes]) -> None:
    tally = Tally()
    rows = [sorted((key, stored(value)) for key, value in side.items()) for side in (first, second)]
    found = list(differences(rows[0], rows[1], tally))
    expected = [
        (key, Side.BOTH if key in first and key in second else Side.FIRST if key in first else Side.SECOND)
        for key in sorted(first.keys() | second.keys())
        if first.get(key) != second.get(key)
    ]
    assert found == expected
    assert tally.differing.total() == len(expected)
    assert tally.equal.total() == len(first.keys() | second.keys()) - len(expected)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    one, two, three = (Article(name, BASE_MS, BASE_MS, (Said("org:a", 5, 6),)) for name in ("one", 'tw"o', "three"))
    fill_store(tmp_path / "store" / "live", [one, two])
    fill_store(tmp_path / "store" / "again", [one, two])
    fill_store(tmp_path / "store" / "other", [one, three])
    return tmp_path


def diff(directory: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["diff", *arguments, "--dir", str(directory)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_a_graph_that_a_replay_still_makes_is_named(directory: Path) -> None:
    plan = directory / "replays" / "again.json"
    plan.parent.mkdir()
    plan.touch()
    assert "graph 'again' is not whole yet" in diff(directory, "live", "again")[1]
    plan.with_suffix(".complete").touch()
    assert "not whole" not in diff(directory, "live", "again")[1]


def test_equal_graphs(directory: Path) -> None:
    code, output = diff(directory, "live", "again")
    assert code == 0
    assert output.startswith("0 keys differ, 7 are equal (bucket 0 of 3,")


def test_differing_graphs(directory: Path) -> None:
    code, output = diff(directory, "live", "other")
    assert code == 1
    *keys, summary = output.splitlines()
    assert keys == ["+ fact/org:a/news/three", '- fact/org:a/news/tw"o']
    assert summary.startswith("2 keys differ, 6 are equal")
    assert diff(directory, "live", "other", "--kind", "buckets")[0] == 0


def test_differing_graphs_for_programs(directory: Path) -> None:
    code, output = diff(directory, "live", "other", "--json")
    found = json.loads(output)
    assert code == 1
    assert found["differences"] == [
        {"key": "fact/org:a/news/three", "in": "second"},
        {"key": 'fact/org:a/news/tw"o', "in": "first"},
    ]
    assert found["kinds"]["fact"] == {"equal": 1, "first": 1, "second": 1, "both": 0}
    assert json.loads(diff(directory, "live", "again", "--json")[1])["differences"] == []


def test_an_unknown_graph(directory: Path) -> None:
    with pytest.raises(UsageError, match="graph list"):
        diff(directory, "live", "nowhere")
    with pytest.raises(UsageError, match="no name"):
        diff(directory, "../live", "live")
