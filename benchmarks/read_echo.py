"""The raw echo: grpc's Python server with as many threads as ours, giving the same ready-made bytes to every call.

python -m benchmarks.read_echo BYTES [at-once]    prints its port, answers with so many bytes until it is ended

`at-once` answers in the thread that reads calls, as our server does.
"""

from __future__ import annotations

import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from serving.at_once import AtOnce, CallPool
from serving.settings import ServerSettings


class Echo(grpc.GenericRpcHandler):
    """Answers every method with the same bytes; what was sent is not looked at."""

    def __init__(self, answer: bytes, *, at_once: bool) -> None:
        self._answer = answer
        call = AtOnce(self._call, self._call) if at_once else self._call
        self._handler = grpc.unary_unary_rpc_method_handler(call)

    def service(self, _details: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401 - grpc is untyped
        """One handler for all."""
        return self._handler

    def _call(self, _request: bytes, _context: grpc.ServicerContext) -> bytes:
        return self._answer


def main() -> None:
    """Serve until ended."""
    settings = ServerSettings("", Path(), 0, {})
    threads, at_once = settings.call_threads + settings.streams_max, sys.argv[2:] == ["at-once"]
    pool = CallPool(threads) if at_once else futures.ThreadPoolExecutor(threads)
    server = grpc.server(pool, handlers=[Echo(bytes(int(sys.argv[1])), at_once=at_once)])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
