"""SIGKILL of applier and servers while clients read: no read goes back, and the store is that of a fresh bootstrap.

WIREGRAPH_KILLS sets how many processes are killed, one after the other.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import psutil
import pytest
from kafka import KafkaProducer

from serving.versions import parse_version
from tests.oracles.graph import changelog
from tests.oracles.strategies import ENTITIES
from tests.serving.following import Graph, some_articles, until
from udfs.topics import graph_topic
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("WIREGRAPH_KILLS", "10"))
SERVERS = 2
ARTICLES_A_KILL = 60
OPTIONS = [("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1)]


@dataclass
class Clients:
    """Threads that read until told to stop; what they find wrong is kept."""

    port: int
    graph: str
    ended: threading.Event = field(default_factory=threading.Event)
    wrong: list[str] = field(default_factory=list)
    answers: int = 0

    def check(self, before: graph_pb2.EntityScore | None, now: graph_pb2.EntityScore) -> graph_pb2.EntityScore:
        """Nothing is ever taken away here, so a later version holds at least as many articles of all time."""
        self.answers += 1
        if before is not None:
            if not parse_version(before.version).reached_by(parse_version(now.version)):
                self.wrong.append(f"{now.version} after {before.version}")
            if now.articles < before.articles:
                self.wrong.append(f"{now.articles} articles at {now.version}, {before.articles} at {before.version}")
        return now

    def carry(self) -> None:
        """A client that sends the version it has seen, to whatever process it reaches."""
        last: dict[str, graph_pb2.EntityScore] = {}
        newest = ""
        chance = random.Random(1)
        while not self.ended.is_set():
            with grpc.insecure_channel(f"127.0.0.1:{self.port}", OPTIONS) as channel:
                graph = GraphStub(channel)
                for _ in range(20):
                    entity = chance.choice(ENTITIES)
                    asked = graph_pb2.GetEntityRequest(entity_id=entity, graph=self.graph, min_version=newest)
                    asked.window.FromSeconds(7 * 86_400)
                    try:
                        last[entity] = self.check(last.get(entity), graph.GetEntity(asked, timeout=20))
                    except grpc.RpcError:
                        self.ended.wait(0.05)
                        break
                    newest = last[entity].version

    def stay(self) -> None:
        """A client that sends none: it relies on its connection alone, which is a stream's."""
        asked = graph_pb2.WatchEntitiesRequest(entity_ids=ENTITIES[:1], graph=self.graph)
        asked.window.FromSeconds(7 * 86_400)
        while not self.ended.is_set():
            last = None
            with grpc.insecure_channel(f"127.0.0.1:{self.port}", OPTIONS) as channel:
                try:
                    for score in GraphStub(channel).WatchEntities(asked, timeout=5):
                        last = self.check(last, score)
                except grpc.RpcError:
                    self.ended.wait(0.05)

    @contextmanager
    def reading(self) -> Iterator[None]:
        threads = [threading.Thread(target=one) for one in (self.carry, self.carry, self.stay)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()


@contextmanager
def servers(store: Path, port: int) -> Iterator[psutil.Process]:
    options = ["--store", str(store), "--port", str(port), "--bootstrap", "127.0.0.1:1"]
    command = [sys.executable, "-m", "serving.server", *options, "--processes", str(SERVERS)]
    process = subprocess.Popen(command)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def kill_one_server(parent: psutil.Process, chance: random.Random) -> None:
    until(lambda: len(parent.children()) == SERVERS)
    chance.choice(parent.children()).kill()


def test_no_read_goes_back_and_the_store_is_that_of_a_bootstrap(stack_broker: str, tmp_path: Path) -> None:
    graph, chance = Graph(stack_broker, tmp_path / "store"), random.Random(2)
    rows = changelog(some_articles(ARTICLES_A_KILL * (KILLS + 1)))
    clients = Clients(free_port(), graph.name)
    producer = KafkaProducer(bootstrap_servers=stack_broker, linger_ms=5)
    size = len(rows) // (KILLS + 1) + 1
    applier = graph.start()
    try:
        with servers(graph.store, clients.port) as parent, clients.reading():
            for number in range(KILLS + 1):
                for row in rows[number * size : (number + 1) * size]:
                    producer.send(graph_topic(graph.name), key=row.record().key, value=row.record().value)
                seen = clients.answers
                until(progressed(clients, seen), timeout_s=120)
                if number % 2:
                    kill_one_server(parent, chance)
                else:
                    applier.send_signal(signal.SIGKILL)
                    applier.communicate()
                    applier = graph.start()
            producer.flush()
            until(lambda: graph.applied() == len(rows), timeout_s=120)
            until(progressed(clients, clients.answers), timeout_s=120)
    finally:
        applier.kill()
        applier.communicate()
        producer.close()
    assert clients.wrong == []
    fresh = Graph(stack_broker, tmp_path / "fresh")
    fresh.name, fresh.path = graph.name, tmp_path / "fresh" / graph.name
    with fresh.applying():
        until(lambda: fresh.applied() == len(rows), timeout_s=120)
    assert graph.dump() == fresh.dump()


def progressed(clients: Clients, seen: int) -> Callable[[], bool]:
    return lambda: clients.answers > seen + 5
