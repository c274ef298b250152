"""The reading commands against a real server in this process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from serving.server import Server
from serving.settings import ServerSettings
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store
from wiregraph import read, relations
from wiregraph.errors import Failure, UsageError
from wiregraph.stack import Stack, save_stack
from wiregraph.times import rfc3339

T0 = BASE_MS + 3_600_000
ARTICLES = [
    Article(f"n{number}", T0 + number, T0 + number, (Said("org:zyxo-one", 900_000, -800_000, -1),))
    for number in range(1_205)
]
ARTICLES += [Article("pair", T0, T0, (Said("org:zyxo-two", 500_000, 900_000, 1), Said("org:quex", 500_000, 0)))]

app = typer.Typer()
read.register(app)
relations.register(app)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("cli")
    fill_store(directory / "store" / "live", ARTICLES)
    server = Server(ServerSettings("127.0.0.1:1", directory / "store", 0, {}))
    server.start()
    save_stack(directory, Stack(kafka_port=1, grpc_port=server.port))
    yield directory
    server.stop()


def run(directory: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--dir", str(directory)], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def ask(directory: Path, *arguments: str) -> dict[str, object]:
    answer: dict[str, object] = json.loads(run(directory, *arguments, "--json"))
    return answer


def items(directory: Path, *arguments: str) -> list[dict[str, object]]:
    """The list that a command prints for programs."""
    found: list[dict[str, object]] = json.loads(run(directory, *arguments, "--json"))
    assert isinstance(found, list)
    return found


def test_entity_by_id_and_by_name(directory: Path) -> None:
    by_id = ask(directory, "entity", "org:zyxo-one", "--window", "1h")
    assert (by_id["entity_id"], by_id["articles"], by_id["negative"]) == ("org:zyxo-one", 1_205, 1_205)
    assert by_id["sentiment"] == pytest.approx(-0.8)
    assert by_id["novelty"] == 1
    assert by_id["window"] == "3600s"
    assert ask(directory, "entity", "zyxo one", "--window", "1h") == by_id
    assert "-0.800" in run(directory, "entity", "org:zyxo-one")


def test_what_a_score_is_made_of(directory: Path) -> None:
    details = ask(directory, "entity", "org:zyxo-one", "--window", "1h")["details"]
    assert isinstance(details, dict)
    assert (details["volume_7d"], details["sources"]) == (1_205, [{"name": "wire", "articles": 1_205}])
    shown = run(directory, "entity", "quex")
    assert "Zyxo Two (1, 0.25, Markets)" in shown
    assert ask(directory, "entity", "quex", "--no-details")["details"] is None


def test_an_ambiguous_name_lists_its_candidates(directory: Path) -> None:
    with pytest.raises(Failure, match=r"org:zyxo-one.*org:zyxo-two"):
        run(directory, "entity", "zyxo")


def test_as_of_and_known_at(directory: Path) -> None:
    early = ask(directory, "entity", "org:zyxo-one", "--as-of", rfc3339(T0), "--window", "5m")
    assert (early["articles"], early["sentiment"]) == (0, None)
    known = ask(directory, "entity", "org:zyxo-one", "--known-at", str(T0 + 99))
    assert known["articles"] == 100
    with pytest.raises(Failure, match="wiregraph resolve"):
        run(directory, "entity", "org:zyxo-one", "--known-at", str(T0 - 1))


def test_mentions_are_complete_unless_limited(directory: Path) -> None:
    found = items(directory, "mentions", "org:zyxo-one")
    assert [one["article_id"] for one in found] == [f"n{number}" for number in reversed(range(1_205))]
    assert len(items(directory, "mentions", "org:zyxo-one", "--limit", "1001")) == 1_001
    shown = run(directory, "mentions", "org:zyxo-two")
    assert "About org:zyxo-two" in shown
    assert "0.10 / 0.60 / 0.30" in shown


def test_top_neighbors_series_resolve(directory: Path) -> None:
    top = items(directory, "top", "--type", "ORG")
    assert [one["entity_id"] for one in top] == ["org:zyxo-one", "org:quex", "org:zyxo-two"]
    assert len(items(directory, "top", "--limit", "1")) == 1
    assert items(directory, "top", "--type", "PER") == []
    (neighbor,) = items(directory, "neighbors", "quex")
    assert (neighbor["entity_id"], neighbor["weight"]) == ("org:zyxo-two", 0.25)
    assert len(items(directory, "series", "org:quex", "--step", "5m")) == 24
    hour = ["--from", str(T0 - 3_600_000), "--to", str(T0 + 60_000)]
    assert [one["articles"] for one in items(directory, "series", "org:quex", *hour)] == [1]
    assert items(directory, "resolve", "quex")[0]["score"] == 1.0
    for command in (["top"], ["neighbors", "quex"], ["series", "org:quex"], ["resolve", "quex"]):
        assert "complete up to" in run(directory, *command) or command[0] == "resolve"


def test_ways_movers_and_sectors(directory: Path) -> None:
    path = ask(directory, "path", "quex", "org:zyxo-two")
    assert isinstance(path["steps"], list)
    assert [(one["entity_id"], one["articles"]) for one in path["steps"]] == [("org:zyxo-two", 1)]
    assert (path["strength"], path["complete"]) == (0.25, True)
    assert ask(directory, "path", "org:quex", "org:zyxo-one")["steps"] == []
    assert "there is no path" in run(directory, "path", "org:quex", "org:zyxo-one")
    assert "left out" not in run(directory, "neighbors", "quex", "--hops", "2")
    reached = items(directory, "neighbors", "org:zyxo-two", "--hops", "2", "--min-weight", "0.25")
    assert [(one["hops"], one["via"], one["strength"]) for one in reached] == [(1, "", 0.25)]
    assert items(directory, "neighbors", "quex", "--min-weight", "0.26") == []
    assert items(directory, "neighbors", "quex", "--min-articles", "2") == []
    with pytest.raises(UsageError, match="--hops 2"):
        run(directory, "neighbors", "quex", "--fan-out", "3")
    assert items(directory, "movers") == []
    moved = items(directory, "movers", "--by", "volume", "--window", "1m", "--as-of", str(T0 + 60_000))
    assert moved == []  # There is no history.
    assert "complete up to" in run(directory, "movers")
    assert items(directory, "sectors") == items(directory, "top", "--sector", "Energy") == []


def test_names_mean_what_was_known_then(directory: Path) -> None:
    before = str(T0 - 1)
    assert items(directory, "resolve", "quex", "--known-at", before) == []
    assert [one["articles"] for one in items(directory, "resolve", "quex", "--as-of", str(T0))] == [0]
    with pytest.raises(Failure, match="nothing is called 'quex'"):
        run(directory, "entity", "quex", "--known-at", before)


def test_status_has_counts_and_jobs(directory: Path) -> None:
    status = ask(directory, "status")
    counts = status["counts"]
    assert isinstance(counts, dict)
    assert counts["articles"] == len(ARTICLES)
    assert {"empty", "duplicates", "dead_letters"} <= set(counts)
    assert (status["jobs"], status["facts"], status["lag"]) == ([], len(ARTICLES) + 1, -1)
    assert "no job runs" in run(directory, "status")


def test_the_server_being_away_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"):
        run(tmp_path, "top")
    save_stack(tmp_path, Stack(kafka_port=1, grpc_port=1))
    with pytest.raises(Failure, match=r"no server at 127\.0\.0\.1:1: start one with `wiregraph stack up`"):
        run(tmp_path, "top")


def test_another_graph_that_is_none(directory: Path) -> None:
    with pytest.raises(UsageError, match="graph: there is no graph 'x'"):
        run(directory, "top", "--graph", "x")
