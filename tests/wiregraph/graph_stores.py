"""Stacks that are only stores, and the command run on them."""

from pathlib import Path

from typer.testing import CliRunner

from serving.store import GraphReader
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store
from wiregraph import cli
from wiregraph.dump import dump_lines

ARTICLES = [Article(f"a{n}", BASE_MS + n, BASE_MS + n, (Said("org:a", n, 1), Said("org:b", 1, n))) for n in range(50)]


def filled_stack(directory: Path) -> Path:
    """A stack's directory with a live graph that no applier writes."""
    fill_store(directory / "store" / "live", ARTICLES)
    return directory


def run(directory: Path, *arguments: str) -> str:
    """What the command prints; raises what it ends with."""
    result = CliRunner().invoke(cli.app, [*arguments, "--dir", str(directory)], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def dumped(path: Path) -> bytes:
    """All rows of a store."""
    with GraphReader(path) as reader:
        return b"".join(dump_lines(reader.view()))
