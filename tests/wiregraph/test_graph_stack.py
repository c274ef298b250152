"""Graphs of a running stack: promoted while the server runs on, dropped with their topics, backed up meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from typer.testing import CliRunner

from tests.oracles.graph import changelog
from tests.serving.following import Graph, some_articles, until
from udfs.topics import graph_topic
from wiregraph import cli, stack_control
from wiregraph.backups import read_manifest
from wiregraph.errors import Failure
from wiregraph.graph_client import call, connected
from wiregraph.stack import APPLIER, SERVER, Stack, read_stack
from wiregraph.v1 import graph_pb2

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "stack"
    try:
        stack_control.up(stack_control.Wish(directory), print)
        yield directory
    finally:
        stack_control.down(directory, print)


def run(directory: Path, *arguments: str) -> str:
    result = CliRunner().invoke(cli.app, [*arguments, "--dir", str(directory)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def status(directory: Path) -> graph_pb2.GetStatusResponse:
    with connected(directory) as stub:
        answer: graph_pb2.GetStatusResponse = call(stub.GetStatus, graph_pb2.GetStatusRequest())
        return answer


def serves(directory: Path, graph: str, articles: int) -> bool:
    try:
        answer = status(directory)
    except Failure:
        return False
    return answer.graph == graph and answer.counts.articles == articles


def pids(stack: Stack) -> dict[str, int]:
    return {name: record.pid for name, record in stack.processes.items()}


def test_a_replayed_graph_becomes_the_served_one_and_goes_again(directory: Path, tmp_path: Path) -> None:
    stack = read_stack(directory)
    again = Graph(stack.bootstrap, directory / "store")
    articles = some_articles(20)
    again.write(articles[:10])
    with again.applying():
        until(lambda: again.applied() == len(changelog(articles[:10])))
    until(lambda: serves(directory, "live", 0))
    run(directory, "graph", "promote", again.name)
    until(lambda: serves(directory, again.name, 10))
    again.write(articles)  # The stack's applier follows it from now on.
    until(lambda: serves(directory, again.name, 20))
    before, after = pids(stack), pids(read_stack(directory))
    assert before[SERVER] == after[SERVER]
    assert before[APPLIER] != after[APPLIER]
    with pytest.raises(Failure, match="is served"):
        run(directory, "graph", "drop", again.name)
    run(directory, "backup", str(tmp_path / "copy"))
    assert read_manifest(tmp_path / "copy").graph == again.name
    with pytest.raises(Failure, match="stack down"):
        run(directory, "restore", str(tmp_path / "copy"))
    run(directory, "graph", "promote", "live")
    until(lambda: serves(directory, "live", 0))
    run(directory, "graph", "drop", again.name)
    assert not again.path.exists()
    admin = KafkaAdminClient(bootstrap_servers=stack.bootstrap)
    until(lambda: graph_topic(again.name) not in admin.list_topics())
    admin.close()
