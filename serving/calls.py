"""What all services do alike: open a moment, ask a handler, end the streams, turn errors into status codes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

import grpc

from serving.arguments import BadArgumentError, TooMuchError, least_version
from serving.graphs import Graphs, GraphUnavailableError, Moment, OtherVersionError
from serving.settings import ServerSettings

AnswerT = TypeVar("AnswerT")


class UnknownError(LookupError):
    """What a call names is not there, or was not by then."""


class KafkaAwayError(Exception):
    """Kafka did not say in time that it has what a call wants to keep; the message says what to do."""


_CODES: dict[type[Exception], grpc.StatusCode] = {
    BadArgumentError: grpc.StatusCode.INVALID_ARGUMENT,
    TooMuchError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    UnknownError: grpc.StatusCode.NOT_FOUND,
    GraphUnavailableError: grpc.StatusCode.UNAVAILABLE,
    KafkaAwayError: grpc.StatusCode.UNAVAILABLE,
    OtherVersionError: grpc.StatusCode.FAILED_PRECONDITION,
}


class Calls:
    """Safe for any number of threads; all services of a server share one."""

    def __init__(self, graphs: Graphs, settings: ServerSettings) -> None:
        self.graphs = graphs
        self.settings = settings
        self._stopping = threading.Event()

    def answer(
        self, context: grpc.ServicerContext, graph: str, handler: Callable[[Moment], AnswerT], min_version: str = ""
    ) -> AnswerT:
        """What a handler makes of a graph now, which is at least at a version."""
        return self.guarded(context, lambda: self.graphs.ask(graph, handler, least_version(min_version)))

    def guarded(self, context: grpc.ServicerContext, handler: Callable[[], AnswerT]) -> AnswerT:
        """What a handler gives, its errors as status codes."""
        try:
            return handler()
        except tuple(_CODES) as error:
            _abort(context, error)

    def stream(
        self, context: grpc.ServicerContext, handler: Callable[[Callable[[], bool]], Iterator[AnswerT]]
    ) -> Iterator[AnswerT]:
        """What a handler yields until its argument, which says whether the stream has ended, is true."""
        try:
            yield from handler(lambda: self._stopping.is_set() or not context.is_active())
        except tuple(_CODES) as error:
            _abort(context, error)

    def stop(self) -> None:
        """Ends the streams."""
        self._stopping.set()


def _abort(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    code = next(code for kind, code in _CODES.items() if isinstance(error, kind))
    context.abort(code, str(error))
    raise AssertionError from error  # abort does not return
