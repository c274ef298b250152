"""The load's clients against real servers: answers, errors, long answers, and what loads count."""

import json
import math
import threading
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest

from benchmarks.read_http import HttpConnection, post
from benchmarks.read_load import run
from benchmarks.read_requests import BATCHED, FEAST, UNARY, Load
from benchmarks.read_wire import Answer, Connection, request
from wiregraph.v1 import graph_pb2 as pb

LONG = 300_000


class Handler(grpc.GenericRpcHandler):
    """Tells an entity's id backwards, gives a long answer for `long` and an error for `bad`."""

    def service(self, _details: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401 - grpc is untyped
        return grpc.unary_unary_rpc_method_handler(self.call)

    def call(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        entity = pb.GetEntityRequest.FromString(message).entity_id
        if entity == "bad":
            context.abort(grpc.StatusCode.NOT_FOUND, "there is none")
        return bytes(LONG) if entity == "long" else entity[::-1].encode()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


class Page(BaseHTTPRequestHandler):
    """Gives back how many entities were asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = str(len(asked["entities"]["entity"])).encode()
        self.send_response(200 if asked["features"] else 400)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        return


class Pages(ThreadingHTTPServer):
    """Says nothing of clients that go away with calls under way, as loads do in the end."""

    def handle_error(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    server = Pages(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def answers(connection: Connection | HttpConnection, count: int) -> dict[int, Answer]:
    connection.flush()
    found: dict[int, Answer] = {}
    while len(found) < count:
        found |= {answer.stream: answer for answer in connection.receive()}
        connection.flush()
    return found


def test_calls_side_by_side(address: str) -> None:
    connection = Connection(address)
    entities = ["long", "bad", *(f"org:{number}" for number in range(40))]
    messages = [pb.GetEntityRequest(entity_id=entity).SerializeToString() for entity in entities]
    for _ in range(5):  # More bytes than one window of HTTP/2 holds.
        streams = [connection.call(request(address, "/wiregraph.v1.Graph/GetEntity", one)) for one in messages]
        found = answers(connection, len(streams))
        long, bad, *rest = (found[stream] for stream in streams)
        assert (long.ok, len(long.message), bad.ok) == (True, LONG, False)
        assert [one.message.decode()[::-1] for one in rest] == entities[2:]
    connection.close()


def test_http_answers_come_in_order(page: str) -> None:
    connection = HttpConnection(page)
    bodies = [{"features": ["a"], "entities": {"entity": ["x"] * count}} for count in (1, 3)]
    bodies.append({"features": [], "entities": {"entity": []}})
    calls = [connection.call(post(page, FEAST, json.dumps(body).encode())) for body in bodies]
    found = answers(connection, len(calls))
    assert [(found[call].message, found[call].ok) for call in calls] == [(b"1", True), (b"3", True), (b"0", False)]
    connection.close()


@pytest.mark.parametrize("call", [UNARY, BATCHED])
def test_loads_count_what_was_answered(address: str, call: str) -> None:
    batch = 5 if call == BATCHED else 1
    closed = run(Load(address, call, 0.2, warm_s=0.0, batch=batch, entities=20))
    assert closed.calls > 0 == closed.errors
    assert closed.rate > 0
    paced = run(Load(address, call, 0.2, warm_s=0.1, rate=100.0, batch=batch, entities=20))
    assert 15 <= paced.calls == len(paced.latencies_ms) <= 25
    assert all(0 < latency_ms < math.inf for latency_ms in paced.latencies_ms)


def test_feast_is_asked_alike(page: str) -> None:
    assert run(Load(page, FEAST, 0.2, warm_s=0.0, batch=7, entities=20)).errors == 0
