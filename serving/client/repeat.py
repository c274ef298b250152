"""When a call is repeated, until when, and what is remembered of its answers; the same for both clients."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from serving.client.backoff import Backoff
from serving.client.errors import answer_error
from serving.client.memory import Memory

STREAM_S = 3_000.0
"""A stream is opened anew after this, since servers bound them."""
_AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
"""The second is what gRPC says of calls that a server had not begun when it was told to end."""
LAST_S = 0.1
"""So long before the deadline comes a last attempt, where the next wait would be too long for one."""


class Attempts:
    """At all calls of one client."""

    def __init__(self, deadline_s: float, backoff: Backoff) -> None:
        self._deadline_s = deadline_s
        self._backoff = backoff
        self._memory = Memory()

    def of(self, request: Message, *, stream: bool = False) -> Iterator[Attempt]:
        """One attempt after another at a call, or at keeping a stream open; `wait_after` the last one raises."""
        attempt = Attempt(request, self._memory, self._deadline_s, self._backoff, stream=stream)
        while True:
            self._memory.ask(request)
            yield attempt


class Attempt:
    """Knows how long a call may still be tried: of a stream, since it broke after something had come over it."""

    def __init__(self, request: Message, memory: Memory, deadline_s: float, backoff: Backoff, *, stream: bool) -> None:
        self._request = request
        self._memory = memory
        self._deadline_s = deadline_s
        self._backoff = backoff
        self._stream = stream
        self._begin()

    def _begin(self) -> None:
        self._answered = False
        self._end_s = time.monotonic() + self._deadline_s
        self._waits = self._backoff.waits()

    @property
    def left_s(self) -> float:
        """Of the call's deadline."""
        return self._end_s - time.monotonic()

    def keep(self, answer: Message) -> None:
        """Something came."""
        self._answered = True
        self._memory.keep(self._request, answer)

    def wait_after(self, error: Any = None) -> float:  # noqa: ANN401 - gRPC's errors have no common type with a code
        """Seconds until the next attempt, also after a stream that ended without an error; else an `AnswerError`."""
        code = grpc.StatusCode.UNAVAILABLE if error is None else error.code()
        outlived = self._stream and code is grpc.StatusCode.DEADLINE_EXCEEDED
        if self._answered or outlived:
            self._begin()
        wait_s, most_s = next(self._waits), self.left_s - LAST_S
        if outlived or error is None:
            return wait_s
        if code in _AGAIN and most_s > 0:
            return min(wait_s, most_s)
        if code is grpc.StatusCode.FAILED_PRECONDITION:
            self._memory.forget(self._request)
        raise answer_error(error) from error
