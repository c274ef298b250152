"""What a server must stand: callers who send nonsense, too much, too often, or never read.

python -m benchmarks.abuse KIND ADDRESS TOKEN SECONDS    abuses a server again and again for so long
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import grpc

from serving.client.channel import bearer
from serving.scopes import SCOPES
from wiregraph.v1 import graph_pb2 as pb
from wiregraph.v1.services_pb2_grpc import GraphStub

DEADLINE_S = 20.0
AT_ONCE = 20
BOMB_BYTES = 64 * 1024 * 1024
OVERSIZE_BYTES = 8 * 1024 * 1024
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_EMPTY_SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_PING = bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + bytes(8)
_ANSWER = bytes([0, 0, 8, 6, 1, 0, 0, 0, 0]) + bytes(8)

Codes = Counter[str]
"""How often calls ended how, by the names of gRPC's codes."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server in plaintext on this machine, and a token that it knows."""

    address: str
    token: str

    @contextmanager
    def channel(self, *options: tuple[str, int]) -> Iterator[grpc.Channel]:
        """A connection of its own."""
        with grpc.insecure_channel(self.address, [("grpc.use_local_subchannel_pool", 1), *options]) as channel:
            yield channel

    def socket(self) -> socket.socket:
        """A connection without gRPC."""
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=DEADLINE_S)


def malformed(target: Target, count: int = 1_000) -> Codes:
    """Random bytes to each unary method in turn."""
    paths = [path for path, scope in SCOPES.items() if scope and not path.endswith(("Info", "Watch"))]
    with target.channel() as channel:
        methods = cycle([channel.unary_unary(path) for path in paths])
        return _codes(lambda: next(methods), lambda: b"\xff" + os.urandom(64), target, count)


def oversize(target: Target, count: int = 50) -> Codes:
    """Messages above the limit."""
    with target.channel() as channel:
        method = channel.unary_unary("/wiregraph.v1.Graph/GetEntity")
        return _codes(lambda: method, lambda: bytes(OVERSIZE_BYTES), target, count, at_once=4)


def gzip_bombs(target: Target, count: int = 4) -> Codes:
    """Messages below the limit that are far above it once they are no longer compressed."""
    with target.channel() as channel:
        method = channel.unary_unary("/wiregraph.v1.Graph/GetEntity")
        options = {"compression": grpc.Compression.Gzip}
        return _codes(lambda: method, lambda: bytes(BOMB_BYTES), target, count, at_once=1, **options)


def without_deadlines(target: Target, count: int = 1_000) -> Codes:
    """Calls that would wait for ever."""
    with target.channel() as channel:
        method = channel.unary_unary("/wiregraph.v1.Graph/GetStatus")
        return _codes(lambda: method, bytes, target, count, timeout=None)


def _codes(
    method: Callable[[], Any],
    request: Callable[[], bytes],
    target: Target,
    count: int,
    *,
    at_once: int = AT_ONCE,
    **options: Any,  # noqa: ANN401 - gRPC's own
) -> Codes:
    whole = {"metadata": bearer(target.token), "timeout": DEADLINE_S, **options}
    codes: Codes = Counter()
    for start in range(0, count, at_once):
        calls = [method().future(request(), **whole) for _ in range(min(at_once, count - start))]
        codes.update(call.code().name for call in calls)
    return codes


def streams(target: Target, count: int, ids: list[str]) -> Codes:
    """So many streams at once; those that say something are counted as OK, and closed in the end."""
    with target.channel() as channel:
        opened = [_watch(channel, target, ids) for _ in range(count)]
        codes = Counter("OK" if _speaks(stream) else stream.code().name for stream in opened)
        for stream in opened:
            stream.cancel()
    return codes


def _watch(channel: grpc.Channel, target: Target, ids: list[str]) -> Any:  # noqa: ANN401 - gRPC's streams have no type
    request = pb.WatchEntitiesRequest(entity_ids=ids)
    return GraphStub(channel).WatchEntities(request, metadata=bearer(target.token), timeout=DEADLINE_S)


def _speaks(stream: Iterator[object]) -> bool:
    try:
        next(stream)
    except grpc.RpcError:
        return False
    return True


@contextmanager
def silent_watchers(target: Target, count: int, ids: list[str]) -> Iterator[list[Any]]:
    """Streams that nobody reads from, whose client takes no more than 64 KiB of each unread."""
    with target.channel(("grpc.http2.bdp_probe", 0)) as channel:
        opened = [_watch(channel, target, ids) for _ in range(count)]
        yield opened
        for stream in opened:
            stream.cancel()


def ping_flood(target: Target, connections: int = 20, pings: int = 2_000) -> int:
    """Bursts of pings on one connection after the other; gives how many were answered."""
    return sum(_pings_answered(target, pings) for _ in range(connections))


def _pings_answered(target: Target, pings: int) -> int:
    answer = b""
    with target.socket() as connection:
        connection.sendall(_PREFACE + _EMPTY_SETTINGS + _PING * pings)
        while answer.count(_ANSWER) < pings and (more := connection.recv(65_536)):
            answer += more
    return answer.count(_ANSWER)


def garbage(target: Target, connections: int = 100) -> int:
    """Connections that do not speak HTTP/2; gives how many were closed."""
    said = [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + os.urandom(200), os.urandom(500), _PREFACE + os.urandom(500)]
    return sum(len(_said(target, words)) >= 0 for words in islice(cycle(said), connections))


def _said(target: Target, words: bytes) -> bytes:
    """What a server answers to bytes until it closes the connection; raises `TimeoutError` where it does not."""
    answer = b""
    with target.socket() as connection:
        try:
            connection.sendall(words)
            while more := connection.recv(65_536):
                answer += more
        except (ConnectionResetError, BrokenPipeError):
            pass
    return answer


KINDS: dict[str, Callable[[Target], object]] = {
    "malformed": malformed,
    "oversize": oversize,
    "gzip_bombs": gzip_bombs,
    "without_deadlines": without_deadlines,
    "ping_flood": ping_flood,
    "garbage": garbage,
}
"""What can be done again and again without knowing the graph."""


def main() -> None:
    """Abuse a server for a time."""
    kind, address, token, seconds = sys.argv[1:]
    end_s = time.monotonic() + float(seconds)
    while time.monotonic() < end_s:
        KINDS[kind](Target(address, token))


if __name__ == "__main__":
    main()
