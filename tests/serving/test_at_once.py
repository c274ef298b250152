"""Calls to a real server of gRPC whose answers are ready or not, or that go wrong on their way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from serving.at_once import AtOnce, CallPool
from tests.serving.running import status_of, until

CALLS_MAX = 4
METHOD, RAW = "/test/Call", "/test/Raw"


class Calls(grpc.GenericRpcHandler):
    """By what is sent: answers, which say by which thread they are given, or what may go wrong."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.threads: set[int] = set()
        self._handler: grpc.RpcMethodHandler = grpc.unary_unary_rpc_method_handler(
            AtOnce(self._ready, self._behave), self._parse
        )
        self._raw: grpc.RpcMethodHandler = grpc.unary_unary_rpc_method_handler(AtOnce(self._mirror, self._behave))

    def service(self, call: Any) -> grpc.RpcMethodHandler:  # noqa: ANN401 - its stub has no fields
        return self._raw if call.method == RAW else self._handler

    def _mirror(self, request: bytes, _context: grpc.ServicerContext) -> bytes:
        return request

    def _parse(self, data: bytes) -> str:
        return data.decode("ascii")

    def _ready(self, request: str, context: grpc.ServicerContext) -> bytes | None:
        self.threads.add(threading.get_ident())
        assert context.is_active()
        if request == "fails":
            raise ValueError(request)
        return b"ready" if request == "ready" else None

    def _behave(self, request: str, context: grpc.ServicerContext) -> bytes:
        assert threading.get_ident() not in self.threads
        if request == "waits":
            self.go_on.wait(20)
        if request == "aborts":
            context.abort(grpc.StatusCode.NOT_FOUND, "is not there")
        return b"computed"


class Served:
    def __init__(self) -> None:
        self.calls, self.pool = Calls(), CallPool(2)
        self.server = grpc.server(self.pool, handlers=[self.calls], maximum_concurrent_rpcs=CALLS_MAX)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.ask = self.channel.unary_unary(METHOD)
        self.ask_without_message = self.channel.stream_unary(METHOD)

    def end(self) -> None:
        self.calls.go_on.set()
        self.channel.close()
        self.server.stop(5).wait()


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served()
    yield running
    running.end()


def test_what_is_ready_wakes_no_thread(served: Served) -> None:
    assert [served.ask(b"ready", timeout=10) for _ in range(20)] == [b"ready"] * 20
    assert len(served.calls.threads) == 1
    assert served.channel.unary_unary(RAW)(b"as it is", timeout=10) == b"as it is"
    assert not served.pool._threads
    assert served.ask(b"other", timeout=10) == b"computed"
    until(lambda: len(served.pool._threads) == 1)


def test_what_goes_wrong_is_said_as_by_grpc_and_harms_no_other_call(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2 * CALLS_MAX):  # Each is over as a call is, or there would be too many.
        assert status_of(lambda: served.ask(b"aborts", timeout=10)) == (grpc.StatusCode.NOT_FOUND, "is not there")
        assert served.ask(b"fails", timeout=10) == b"computed"
        code, why = status_of(lambda: served.ask(b"\xff", timeout=10))
        assert (code, why) == (grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        code, why = status_of(lambda: served.ask_without_message(iter(()), timeout=10))
        assert code is grpc.StatusCode.UNIMPLEMENTED
        assert "exactly one request message" in why
        assert served.ask(b"ready", timeout=10) == b"ready"
    assert any("should be ready" in record.message for record in caplog.records)


def test_callers_that_leave_free_their_places(served: Served) -> None:
    forever = threading.Event()

    def never() -> Iterator[bytes]:
        forever.wait(20)
        yield b"ready"

    for _ in range(2):
        silent = [served.ask_without_message.future(never()) for _ in range(CALLS_MAX)]
        until(lambda: _code(served) is grpc.StatusCode.RESOURCE_EXHAUSTED)
        for call in silent:
            call.cancel()
        until(lambda: _code(served) is grpc.StatusCode.OK)
    forever.set()


def test_so_many_calls_at_most_are_under_way(served: Served) -> None:
    waiting = [served.ask.future(b"waits") for _ in range(CALLS_MAX)]
    until(lambda: _code(served) is grpc.StatusCode.RESOURCE_EXHAUSTED)
    served.calls.go_on.set()
    assert [call.result(10) for call in waiting] == [b"computed"] * CALLS_MAX
    assert _code(served) is grpc.StatusCode.OK


def test_calls_of_all_kinds_at_once(served: Served) -> None:
    codes = {
        b"ready": grpc.StatusCode.OK,
        b"other": grpc.StatusCode.OK,
        b"aborts": grpc.StatusCode.NOT_FOUND,
        b"fails": grpc.StatusCode.OK,
        b"\xff": grpc.StatusCode.INTERNAL,
    }
    sent = [*codes] * 200
    with ThreadPoolExecutor(CALLS_MAX // 2) as clients:  # A place is free a moment behind the answer.
        assert list(clients.map(lambda one: _code(served, one), sent)) == [codes[one] for one in sent]


def _code(served: Served, sent: bytes = b"ready") -> grpc.StatusCode:
    code: grpc.StatusCode = served.ask.future(sent, timeout=20).code()
    return code
