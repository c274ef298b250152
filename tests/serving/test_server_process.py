"""The server as a process: it starts before there is a store, answers, survives a replaced store and ends cleanly."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc

from serving.store import move_aside
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

ARTICLE = Article("x", BASE_MS, BASE_MS, (Said("org:a", 1, 1),))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def articles(graph: GraphStub, expected: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:a"), timeout=5)
        except grpc.RpcError:
            time.sleep(0.1)
            continue
        if answer.articles == expected:
            return
        time.sleep(0.1)
    raise AssertionError("the server does not answer as expected")


def test_a_server_process(tmp_path: Path) -> None:
    port = free_port()
    options = ["--store", str(tmp_path), "--port", str(port), "--bootstrap", "127.0.0.1:1"]
    process = subprocess.Popen([sys.executable, "-m", "serving.server", *options])
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.max_reconnect_backoff_ms", 500)]) as channel:
            graph = GraphStub(channel)
            fill_store(tmp_path / "live", [ARTICLE])
            articles(graph, 1)
            move_aside(tmp_path / "live", 1)
            second = Article("y", BASE_MS, BASE_MS, ARTICLE.said)
            fill_store(tmp_path / "live", [ARTICLE, second])
            articles(graph, 2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
