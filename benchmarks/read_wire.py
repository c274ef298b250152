"""A gRPC client of few instructions, so that what is measured is the server: frames of HTTP/2 over a plain socket.

A client made of grpc's Python API costs more per call than the server that it is to measure, and one core is all it
gets. This one sends ready-made frames with the stream's number put in (RFC 9113), keeps headers out of tables (RFC
7541), and looks of an answer at its frames' heads, its message and its status. One message a call; over TLS where it is
given the CA.
"""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 1, 1, 4
_HEAD_BYTES = 9
_WINDOW_MAX = 2**31 - 1
_WINDOW_FIRST = 65_535
_REFILL_BYTES = 2**29
_RECEIVE_BYTES = 2**18
_OK = b"\x0bgrpc-status\x010"
_TABLE_SIZE, _INITIAL_WINDOW, _FRAME_SIZE = 1, 4, 5


class WireError(Exception):
    """The server said something that this client does not expect."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call ready to be sent but for the numbers of its stream: `head`, number, `middle`, number, `body`."""

    head: bytes
    middle: bytes
    body: bytes

    @property
    def window_bytes(self) -> int:
        """What it takes of the server's window."""
        return len(self.body)


def request(authority: str, method: str, message: bytes, metadata: Mapping[str, str] | None = None) -> Request:
    """A unary call of `/package.Service/Method` with a serialized message."""
    headers = b"\x83\x86" + _literal(4, method.encode()) + _literal(1, authority.encode())
    headers += _named(b"te", b"trailers") + _named(b"content-type", b"application/grpc")
    headers += b"".join(_named(name.encode(), value.encode()) for name, value in (metadata or {}).items())
    body = b"\0" + len(message).to_bytes(4, "big") + message
    data_head = len(body).to_bytes(3, "big") + bytes([_DATA, _END_STREAM])
    return Request(len(headers).to_bytes(3, "big") + bytes([_HEADERS, _END_HEADERS]), headers + data_head, body)


def _literal(index: int, value: bytes) -> bytes:
    return bytes([index, len(value)]) + value


def _named(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def _frame(kind: int, flags: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + bytes(4) + payload


def _settings() -> bytes:
    values = {_TABLE_SIZE: 0, _INITIAL_WINDOW: _WINDOW_MAX, _FRAME_SIZE: 2**24 - 1}
    return b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in values.items())


@dataclass(frozen=True, slots=True)
class Answer:
    """Not `ok` where the call failed or was refused; then there is no message to look at."""

    stream: int
    message: bytes
    ok: bool


class Connection:
    """One socket with any number of calls under way; not for more than one thread."""

    def __init__(self, address: str, ca: str = "") -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ca:
            context = ssl.create_default_context(cafile=ca)
            context.set_alpn_protocols(["h2"])
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        self._out = [_PREFACE, _frame(_SETTINGS, 0, _settings())]
        self._out.append(_frame(_WINDOW, 0, (_WINDOW_MAX - _WINDOW_FIRST).to_bytes(4, "big")))
        self._window = _WINDOW_FIRST
        self._waiting: deque[tuple[int, Request]] = deque()
        self._received = 0
        self._rest = b""
        self._next = 1
        self._bodies: dict[int, bytes] = {}
        self.flush()

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def call(self, request: Request) -> int:
        """Puts a call into the next `flush` for which the server has room; gives the number of its stream."""
        stream = self._next
        self._next += 2
        self._waiting.append((stream, request))
        self._put()
        return stream

    def _put(self) -> None:
        while self._waiting and self._window >= self._waiting[0][1].window_bytes:
            stream, request = self._waiting.popleft()
            self._window -= request.window_bytes
            number = stream.to_bytes(4, "big")
            self._out += (request.head, number, request.middle, number, request.body)

    def flush(self) -> None:
        """Sends what was put."""
        if self._out:
            self._socket.sendall(b"".join(self._out))
            self._out.clear()

    def receive(self) -> list[Answer]:
        """Waits for bytes; gives the answers that they complete."""
        more = self._socket.recv(_RECEIVE_BYTES)
        if not more:
            raise WireError("the server closed the connection")
        data = self._rest + more
        at, size = 0, len(data)
        answers: list[Answer] = []
        while size - at >= _HEAD_BYTES:
            end = at + _HEAD_BYTES + int.from_bytes(data[at : at + 3], "big")
            if end > size:
                break
            stream = int.from_bytes(data[at + 5 : at + 9], "big")
            kind, flags, payload = data[at + 3], data[at + 4], data[at + _HEAD_BYTES : end]
            if kind == _DATA:
                self._bodies[stream] = self._bodies.get(stream, b"") + payload
                self._received += len(payload)
            elif kind == _RESET or (kind == _HEADERS and flags & _END_STREAM):
                answers.append(Answer(stream, self._bodies.pop(stream, b"")[5:], _OK in payload))
            elif kind != _HEADERS:
                self._control(kind, flags, payload)
            at = end
        self._rest = data[at:]
        return answers

    def _control(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == _WINDOW:
            self._window += int.from_bytes(payload, "big")  # That of a single stream is never short of anything.
            self._put()
        elif kind in {_SETTINGS, _PING} and not flags & _ACK:
            self._out.append(_frame(kind, _ACK, payload if kind == _PING else b""))
        elif kind == _GOAWAY:
            raise WireError(f"the server ends: {payload[:200]!r}")
        if self._received > _REFILL_BYTES:
            self._out.append(_frame(_WINDOW, 0, self._received.to_bytes(4, "big")))
            self._received = 0

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
