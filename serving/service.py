"""The Graph service over gRPC: opens a moment, asks a handler, turns errors into status codes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NoReturn, TypeVar

import grpc

from serving import arguments, handlers
from serving.arguments import BadArgumentError, TooMuchError
from serving.graphs import Graphs, GraphUnavailableError, Moment
from serving.handlers import UnknownEntityError
from serving.lag import LagMeter
from serving.resolve import Resolves
from serving.settings import ServerSettings
from serving.watch import watch
from udfs.gazetteer import load_linker
from wiregraph.v1 import graph_pb2

AnswerT = TypeVar("AnswerT")

_CODES: dict[type[Exception], grpc.StatusCode] = {
    BadArgumentError: grpc.StatusCode.INVALID_ARGUMENT,
    TooMuchError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    UnknownEntityError: grpc.StatusCode.NOT_FOUND,
    GraphUnavailableError: grpc.StatusCode.UNAVAILABLE,
}


class GraphService:
    """One method a call, named as in the proto, which is what grpc's registration asks for."""

    def __init__(self, graphs: Graphs, lag: LagMeter, settings: ServerSettings) -> None:
        self._graphs = graphs
        self._lag = lag
        self._settings = settings
        self._streams = threading.BoundedSemaphore(settings.streams_max)
        self._stopping = threading.Event()
        self._loading = threading.Lock()

    @cached_property
    def _linker(self) -> Resolves:
        return load_linker()

    def GetEntity(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetEntityRequest, context: grpc.ServicerContext
    ) -> graph_pb2.EntityScore:
        """See `serving.handlers.get_entity`."""
        return self._answer(context, request.graph, lambda moment: handlers.get_entity(moment, request))

    def BatchGetEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.BatchGetEntitiesRequest, context: grpc.ServicerContext
    ) -> graph_pb2.BatchGetEntitiesResponse:
        """See `serving.handlers.batch_get_entities`."""
        return self._answer(context, request.graph, lambda moment: handlers.batch_get_entities(moment, request))

    def GetSeries(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetSeriesRequest, context: grpc.ServicerContext
    ) -> graph_pb2.GetSeriesResponse:
        """See `serving.handlers.get_series`."""
        return self._answer(context, request.graph, lambda moment: handlers.get_series(moment, request))

    def GetNeighbors(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetNeighborsRequest, context: grpc.ServicerContext
    ) -> graph_pb2.GetNeighborsResponse:
        """See `serving.handlers.get_neighbors`."""
        return self._answer(context, request.graph, lambda moment: handlers.get_neighbors(moment, request))

    def ListMentions(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ListMentionsRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ListMentionsResponse:
        """See `serving.handlers.list_mentions`."""
        return self._answer(context, request.graph, lambda moment: handlers.list_mentions(moment, request))

    def ListTop(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ListTopRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ListTopResponse:
        """See `serving.handlers.list_top`."""
        return self._answer(context, request.graph, lambda moment: handlers.list_top(moment, request))

    def ResolveEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ResolveEntitiesRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ResolveEntitiesResponse:
        """See `serving.handlers.resolve_entities`."""
        with self._loading:  # The gazetteer is read once, by whoever asks first.
            linker = self._linker
        return self._answer(context, request.graph, lambda moment: handlers.resolve_entities(moment, request, linker))

    def GetStatus(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetStatusRequest, context: grpc.ServicerContext
    ) -> graph_pb2.GetStatusResponse:
        """See `serving.handlers.get_status`."""
        return self._answer(context, request.graph, self._status)

    def _status(self, moment: Moment) -> graph_pb2.GetStatusResponse:
        return handlers.get_status(moment, self._lag.lag(moment.graph, moment.progress.offsets))

    def WatchEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.WatchEntitiesRequest, context: grpc.ServicerContext
    ) -> Iterator[graph_pb2.EntityScore]:
        """See `serving.watch.watch`."""
        if not self._streams.acquire(blocking=False):
            most = self._settings.streams_max
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{most} streams are open, which is the most")
        try:
            arguments.watched_ids(list(request.entity_ids))
            yield from watch(self._graphs, request, lambda: self._ended(context), self._settings.stream_interval_s)
        except tuple(_CODES) as error:
            _abort(context, error)
        finally:
            self._streams.release()

    def _ended(self, context: grpc.ServicerContext) -> bool:
        return self._stopping.is_set() or not context.is_active()

    def stop(self) -> None:
        """Ends the streams."""
        self._stopping.set()

    def _answer(self, context: grpc.ServicerContext, graph: str, handler: Callable[[Moment], AnswerT]) -> AnswerT:
        try:
            return handler(self._graphs.moment(graph))
        except tuple(_CODES) as error:
            _abort(context, error)


def _abort(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    context.abort(_CODES[type(error)], str(error))
    raise AssertionError from error  # abort does not return
