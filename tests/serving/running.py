"""A server in this process over a store that a test fills, and a client of it."""

import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.server import Server
from serving.settings import ServerSettings
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS, DAY_MS
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import AdminStub, FraudStub, GraphStub

HOUR = Duration(seconds=3_600)
T0 = BASE_MS + 10 * 3_600_000
ARTICLES = [
    Article(
        "one", T0, T0 + 1, (Said("org:a", 800_000, 500_000, 1), Said("org:b", 600_000, -500_000, -1)), text="A sues B"
    ),
    Article("two", T0 + 90_000, T0 + 90_000, (Said("org:a", 200_000, -250_000, 0),), text="A sues B"),
    Article("late", T0 - 60_000, T0 + DAY_MS, (Said("org:late", 900_000, 0),)),
]
END = T0 + 120_000


def stamp(time_ms: int) -> Timestamp:
    return Timestamp(seconds=time_ms // 1_000, nanos=time_ms % 1_000 * 1_000_000)


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Running:
    def __init__(self, store: Path, catch_up_s: float = 0.02) -> None:
        self.store = store
        # Nothing listens on port 1, so the lag is unknown.
        settings = ServerSettings("127.0.0.1:1", store, 0, {}, streams_max=2, catch_up_s=catch_up_s, reopen_s=0.05)
        self.server = Server(settings)
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.server.port}")
        self.graph = GraphStub(self.channel)
        self.fraud = FraudStub(self.channel)
        self.admin = AdminStub(self.channel)

    def health(self) -> int:
        stub = health_pb2_grpc.HealthStub(self.channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(service="wiregraph.v1.Graph")).status)

    def serves(self) -> bool:
        return self.health() == health_pb2.HealthCheckResponse.SERVING

    def close(self) -> None:
        self.channel.close()
        self.server.stop()


def status_of(call: Callable[[], object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        call()
    assert isinstance(raised.value, grpc.Call)
    ended: grpc.Call = raised.value
    return ended.code(), ended.details()


def answers(call: Callable[[], object]) -> bool:
    """Whether there is an answer and no error."""
    try:
        call()
    except grpc.RpcError:
        return False
    return True


def from_to(start: int, end: int) -> graph_pb2.GetSeriesRequest:
    request = graph_pb2.GetSeriesRequest(entity_id="org:a", step=Duration(seconds=60), to=stamp(end))
    getattr(request, "from").CopyFrom(stamp(start))
    return request
