"""Calls whose answer is ready, answered by the thread that reads them from the wire: no other thread is woken.

gRPC's Python server gives each call to a thread of a pool, which asks the reading thread for the message and waits for
it. These changes of threads are the larger part of what a small call costs. There is no public way around them, so this
does, with parts of `grpc._server` as of the release that is pinned, what its `_handle_unary_unary` does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc
from grpc._cython.cygrpc import ReceiveMessageOperation  # type: ignore[import-not-found]  # no types
from grpc._server import (
    _RECEIVE_MESSAGE_TOKEN,
    _Context,
    _possibly_finish_call,
    _receive_message,
    _status,
    _unary_response_in_pool,
)

Behaviour = Callable[[Any, grpc.ServicerContext], Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How a unary call is answered that may have its answer ready, as bytes.

    `ready` gives it, or None; it never waits and does not abort. Where there is none, `behave` is called, in the pool.
    """

    ready: Behaviour
    behave: Behaviour

    def __call__(self, request: object, context: grpc.ServicerContext) -> object:
        """As gRPC calls any other."""
        return self.behave(request, context)


class _Handed:
    """As much of a future as gRPC asks for: it wants to know when a call is answered, and says so before it can be."""

    def add_done_callback(self, done: Callable[[object], None]) -> None:
        self._done = done

    def finish(self, _future: object = None) -> None:
        self._done(self)


class CallPool(futures.ThreadPoolExecutor):
    """The pool of a server that answers `AtOnce` calls so.

    gRPC has one thread that reads; it submits calls, holding the lock of their state, and takes in their messages.
    """

    def submit(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - gRPC has no types
        """Calls come as `run(answer, event, state, behaviour, message, parse, write)`."""
        answer, *call = args
        if answer is _unary_response_in_pool and isinstance(call[2], AtOnce):
            return self._begin(function, *call)
        return super().submit(function, *args, **options)

    def _begin(self, run: Callable[..., Any], event: Any, state: Any, behaviour: AtOnce, *more: Any) -> _Handed:  # noqa: ANN401 - see above
        """Asks for the message and goes on when it is there."""
        message, parse, write = more
        handed = _Handed()
        take_in = _receive_message(state, event.call, parse)

        def taken_in() -> object:
            with state.condition:
                request, state.request = state.request, None
                return request

        def received(receipt: Any) -> object:  # noqa: ANN401 - see above
            data = receipt.batch_operations[0].message()
            answer = None if data is None else _ready(behaviour, parse, data, _Context(event, state, parse))
            if answer is not None:
                _say(event, state, answer)
                handed.finish()
                with state.condition:
                    return _possibly_finish_call(state, _RECEIVE_MESSAGE_TOKEN)
            finished = take_in(receipt)
            request = message if data is None else taken_in  # The caller has gone, or sent none: gRPC finds that again.
            waits = super(CallPool, self).submit(
                run, _unary_response_in_pool, event, state, behaviour, request, parse, write
            )
            waits.add_done_callback(handed.finish)
            return finished

        event.call.start_server_batch((ReceiveMessageOperation(0),), received)
        state.due.add(_RECEIVE_MESSAGE_TOKEN)
        return handed


def _say(event: Any, state: Any, answer: bytes) -> None:  # noqa: ANN401 - see above
    """Nothing may end gRPC's thread."""
    try:
        _status(event, state, answer)
    except Exception:
        log.exception("an answer that cannot be sent")


def _ready(
    behaviour: AtOnce, parse: Callable[[bytes], Any] | None, data: bytes, context: grpc.ServicerContext
) -> bytes | None:
    """None also where it fails, then the call in the pool says what is wrong."""
    try:
        answer: bytes | None = behaviour.ready(parse(data) if parse else data, context)
    except Exception:
        log.exception("an answer that should be ready")
        return None
    return answer
