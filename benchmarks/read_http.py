"""The like of `benchmarks.read_wire` for HTTP/1.1 and JSON: pipelined calls over a plain socket."""

from __future__ import annotations

import re
import socket
from collections import deque

from benchmarks.read_wire import Answer, WireError

_RECEIVE_BYTES = 2**18
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


def post(authority: str, path: str, body: bytes) -> bytes:
    """A request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n"
    return head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body


class HttpConnection:
    """One socket; answers come in the order of the calls. Not for more than one thread."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._out: list[bytes] = []
        self._waiting: deque[int] = deque()
        self._rest = b""
        self._next = 0

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def call(self, request: bytes) -> int:
        """Puts a call into the next `flush`; gives its number."""
        self._out.append(request)
        self._next += 1
        self._waiting.append(self._next)
        return self._next

    def flush(self) -> None:
        """Sends what was put."""
        self._socket.sendall(b"".join(self._out))
        self._out.clear()

    def receive(self) -> list[Answer]:
        """Waits for bytes; gives the answers that they complete."""
        more = self._socket.recv(_RECEIVE_BYTES)
        if not more:
            raise WireError("the server closed the connection")
        data = self._rest + more
        answers: list[Answer] = []
        while (head_end := data.find(_END)) >= 0:
            length = _LENGTH.search(data, 0, head_end)
            if length is None:
                raise WireError(f"an answer without a length: {data[:200]!r}")
            begin = head_end + len(_END)
            end = begin + int(length[1])
            if end > len(data):
                break
            answers.append(Answer(self._waiting.popleft(), data[begin:end], data.startswith(b"HTTP/1.1 200")))
            data = data[end:]
        self._rest = data
        return answers

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
