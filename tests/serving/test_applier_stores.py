"""The applier as a process: broken stores are built again, checkpoints made, and no read goes back over kills.

WIREGRAPH_KILLS sets how often applier and server are killed.
"""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from serving.broken import mark_broken
from serving.checkpoints import take_checkpoint
from serving.store import GraphWriter
from serving.versions import parse_version
from tests.oracles.graph import changelog
from tests.serving.following import Graph, reference, some_articles, until
from tests.serving.test_server_process import free_port
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("WIREGRAPH_KILLS", "6"))


@pytest.fixture
def graph(stack_broker: str, tmp_path: Path) -> Graph:
    return Graph(stack_broker, tmp_path / "store")


def cut_table(path: Path) -> None:
    cut(next(path.glob("*.sst")))


def cut_manifest(path: Path) -> None:
    cut(next(path.glob("MANIFEST-*")))


def cut_current(path: Path) -> None:
    cut(path / "CURRENT")


def take_current(path: Path) -> None:
    (path / "CURRENT").unlink()


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


DAMAGES: tuple[Callable[[Path], None], ...] = (cut_table, cut_manifest, cut_current, take_current)


def test_damaged_stores_are_built_again(graph: Graph, tmp_path: Path) -> None:
    articles = some_articles(60)
    expected = reference(tmp_path, articles)
    graph.write(articles)
    for damage in DAMAGES:
        with graph.applying():
            until(lambda: graph.applied() == len(changelog(articles)))
            assert graph.dump() == expected, damage
        with GraphWriter(graph.path) as writer:
            writer._db.flush()
        damage(graph.path)
    with graph.applying():
        until(lambda: graph.applied() == len(changelog(articles)))
        assert graph.dump() == expected
        identity = (graph.path / "IDENTITY").read_text()
        mark_broken(graph.path, identity)  # As a reader does that met a block that is not what was written.
        until(lambda: (graph.path / "IDENTITY").exists() and (graph.path / "IDENTITY").read_text() != identity)
        until(lambda: graph.applied() == len(changelog(articles)))
        assert graph.dump() == expected


def test_a_replica_begins_from_a_checkpoint_and_goes_on_with_the_changelog(graph: Graph, tmp_path: Path) -> None:
    articles = some_articles(80)
    first = articles[:40]
    graph.write(first)
    with graph.applying():
        until(lambda: graph.applied() == len(changelog(first)))
        checkpoint = take_checkpoint(graph.path)
        graph.write(articles)
        sent = len(changelog(first)) + len(changelog(articles))
        replica = Graph.__new__(Graph)
        replica.bootstrap, replica.name = graph.bootstrap, graph.name
        replica.store = tmp_path / "replica"
        replica.path = replica.store / graph.name
        replica.store.mkdir()
        checkpoint.rename(replica.path)
        assert replica.applied() == len(changelog(first))
        with replica.applying():
            until(lambda: graph.applied() == replica.applied() == sent)
            assert replica.dump() == graph.dump() == reference(tmp_path, articles)
    assert not list(replica.store.glob("*.aside-*"))


class Served:
    """The processes of a graph, and one client that carries the version of its last answer."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._port = free_port()
        self.applier = graph.start()
        self.server = self._start_server()
        self._channel = self._connect()
        self._last: graph_pb2.GetStatusResponse | None = None
        self.reads = 0

    def _start_server(self) -> subprocess.Popen[bytes]:
        options = ["--store", str(self._graph.store), "--port", str(self._port), "--bootstrap", self._graph.bootstrap]
        return subprocess.Popen([sys.executable, "-m", "serving.server", *options])

    def _connect(self) -> grpc.Channel:
        options = [("grpc.max_reconnect_backoff_ms", 200)]
        channel: grpc.Channel = grpc.insecure_channel(f"127.0.0.1:{self._port}", options)
        return channel

    def kill_applier(self) -> None:
        self.applier.kill()
        self.applier.communicate()
        self.applier = self._graph.start()

    def kill_server(self) -> None:
        self.server.kill()
        self.server.wait()
        self._channel.close()
        self.server = self._start_server()
        self._channel = self._connect()

    def read(self) -> bool:
        """One read that must not be before the last one; whether it was answered."""
        least = self._last.version if self._last else ""
        request = graph_pb2.GetStatusRequest(graph=self._graph.name, min_version=least)
        try:
            answer = GraphStub(self._channel).GetStatus(request, timeout=5)
        except grpc.RpcError:
            return False
        if self._last is not None:
            assert parse_version(least).reached_by(parse_version(answer.version))
            assert answer.facts >= self._last.facts
            assert answer.counts.articles >= self._last.counts.articles
        self._last = answer
        self.reads += 1
        return True

    def close(self) -> None:
        self._channel.close()
        for process in (self.applier, self.server):
            process.kill()
            process.communicate()


def test_no_read_goes_back_over_kills(graph: Graph, tmp_path: Path) -> None:
    articles = some_articles(600)
    chance = random.Random(3)
    served = Served(graph)
    done = threading.Event()

    def write() -> None:
        for at in range(0, len(articles), 20):  # Each time from the start, as a job without its state would.
            graph.write(articles[: at + 20])
            if done.wait(0.2):
                break
        graph.write(articles)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(KILLS):
            before = served.reads
            until(lambda: served.read() and served.reads >= before + chance.randint(3, 30))  # noqa: B023 - called at once
            chance.choice([served.kill_applier, served.kill_server])()
        done.set()
        writer.join()
        expected = reference(tmp_path, articles)
        until(lambda: served.read() and graph.dump() == expected)
    finally:
        done.set()
        writer.join()
        served.close()
    fresh = Graph.__new__(Graph)
    fresh.bootstrap, fresh.name, fresh.store = graph.bootstrap, graph.name, tmp_path / "fresh"
    fresh.path = fresh.store / graph.name
    with fresh.applying():
        until(lambda: fresh.dump_if_any() == expected)
