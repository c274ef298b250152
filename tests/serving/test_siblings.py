"""Two server processes on one port: each answers, a killed one comes back, and all end together."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import psutil
import pytest

from serving.siblings import PortTakenError, reserve
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

WAIT_S = 120
ALONE = [("grpc.use_local_subchannel_pool", 1)]


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(port: int) -> bool:
    """On a connection of its own."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", ALONE) as channel:
        try:
            asked = graph_pb2.GetEntityRequest(entity_id="org:a")
            return bool(GraphStub(channel).GetEntity(asked, timeout=10).articles)
        except grpc.RpcError:
            return False


def listeners(parent: psutil.Process, port: int) -> set[int]:
    """The children that listen on the port."""
    return {
        child.pid
        for child in parent.children()
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in child.net_connections("tcp"))
    }


def test_siblings(tmp_path: Path) -> None:
    fill_store(tmp_path / "live", ARTICLES)
    with reserve("127.0.0.1", 0) as held:
        port = int(held.getsockname()[1])
    options = ["--store", str(tmp_path), "--port", str(port), "--bootstrap", "127.0.0.1:1", "--processes", "2"]
    process = subprocess.Popen([sys.executable, "-m", "serving.server", *options])
    parent = psutil.Process(process.pid)
    try:
        until(lambda: len(listeners(parent, port)) == 2)
        until(lambda: answers(port))
        first, second = sorted(listeners(parent, port))
        psutil.Process(first).kill()
        until(lambda: len(listeners(parent, port) - {first}) == 2)
        assert second in listeners(parent, port)
        until(lambda: all(answers(port) for _ in range(6)))
        children = parent.children()
        process.terminate()
        assert process.wait(WAIT_S) == 0
        assert not any(child.is_running() for child in children)
    finally:
        process.kill()
        process.wait()


def test_children_end_without_their_parent(tmp_path: Path) -> None:
    options = ["--store", str(tmp_path), "--port", "0", "--bootstrap", "127.0.0.1:1", "--processes", "2"]
    process = subprocess.Popen([sys.executable, "-m", "serving.server", *options])
    parent = psutil.Process(process.pid)
    until(lambda: len(parent.children()) == 2 and all(child.net_connections("tcp") for child in parent.children()))
    children = parent.children()
    process.kill()
    process.wait()
    until(lambda: not any(child.is_running() for child in children))


def test_a_port_in_use_is_noticed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTakenError, match="cannot be used"):
            reserve("127.0.0.1", taken.getsockname()[1])
