"""The Graph service over gRPC: each call is answered by a handler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Protocol, TypeVar

import grpc
from google.protobuf.message import Message

from serving import arguments, handlers, present_answers, relations
from serving.at_once import AtOnce
from serving.calls import Calls
from serving.graphs import Moment
from serving.lag import LagMeter
from serving.resolve import Resolves
from serving.watch import watch
from udfs.gazetteer import load_linker
from wiregraph.v1 import graph_pb2, services_pb2, services_pb2_grpc

AnswerT = TypeVar("AnswerT")


class _Request(Protocol):
    """What all requests have."""

    graph: str
    min_version: str


SERVICE = services_pb2.DESCRIPTOR.services_by_name["Graph"]
AS_BYTES: Mapping[str, Callable[..., bytes | None]] = {
    "GetEntity": present_answers.entity_answer,
    "BatchGetEntities": present_answers.batch_answer,
    "GetNeighbors": present_answers.neighbors_answer,
}
"""The calls whose answers are kept as bytes, and"""
STREAM = "WatchEntities"
"""the stream of such."""


def add_graph_service(service: GraphService, server: grpc.Server) -> None:
    """Registers all calls; the answers that are kept as bytes go out as they are."""
    services_pb2_grpc.add_GraphServicer_to_server(service, server)
    as_bytes = {name: grpc.unary_unary_rpc_method_handler(service.at_once(name), _parse(name)) for name in AS_BYTES}
    as_bytes[STREAM] = grpc.unary_stream_rpc_method_handler(service.WatchEntities, _parse(STREAM))
    server.add_registered_method_handlers(SERVICE.full_name, as_bytes)


def _parse(method: str) -> Callable[[bytes], Message]:
    parse: Callable[[bytes], Message] = SERVICE.methods_by_name[method].input_type._concrete_class.FromString  # noqa: SLF001 - protobuf has no other way to it
    return parse


class GraphService:
    """One method a call, named as in the proto, which is what grpc's registration asks for."""

    def __init__(self, calls: Calls, lag: LagMeter) -> None:
        self._calls = calls
        self._lag = lag
        self._loading = threading.Lock()

    def at_once(self, name: str) -> AtOnce:
        """The method of this name, with the answers that are ready."""
        answer, graphs = AS_BYTES[name], self._calls.graphs

        def ready(request: object, _context: grpc.ServicerContext) -> bytes | None:
            return answer(graphs, request, ready=True)

        return AtOnce(ready, getattr(self, name))

    @cached_property
    def _linker(self) -> Resolves:
        return load_linker()

    def GetEntity(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetEntityRequest, context: grpc.ServicerContext
    ) -> bytes:
        """See `serving.handlers.get_entity`."""
        kept = present_answers.entity_answer(self._calls.graphs, request)
        return kept or self._written(context, request, lambda moment: handlers.get_entity(moment, request))

    def BatchGetEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.BatchGetEntitiesRequest, context: grpc.ServicerContext
    ) -> bytes:
        """See `serving.handlers.batch_get_entities`."""
        kept = present_answers.batch_answer(self._calls.graphs, request)
        return kept or self._written(context, request, lambda moment: handlers.batch_get_entities(moment, request))

    def GetSeries(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetSeriesRequest, context: grpc.ServicerContext
    ) -> graph_pb2.GetSeriesResponse:
        """See `serving.handlers.get_series`."""
        return self._answer(context, request, lambda moment: handlers.get_series(moment, request))

    def GetNeighbors(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetNeighborsRequest, context: grpc.ServicerContext
    ) -> bytes:
        """See `serving.relations.get_neighbors`."""
        kept = present_answers.neighbors_answer(self._calls.graphs, request)
        return kept or self._written(context, request, lambda moment: relations.get_neighbors(moment, request))

    def ExpandNeighbors(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ExpandNeighborsRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ExpandNeighborsResponse:
        """See `serving.relations.expand_neighbors`."""
        return self._answer(context, request, lambda moment: relations.expand_neighbors(moment, request))

    def FindPath(  # noqa: N802 - named by the proto
        self, request: graph_pb2.FindPathRequest, context: grpc.ServicerContext
    ) -> graph_pb2.FindPathResponse:
        """See `serving.relations.path_between`."""
        return self._answer(context, request, lambda moment: relations.path_between(moment, request))

    def ListMovers(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ListMoversRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ListMoversResponse:
        """See `serving.relations.list_movers`."""
        return self._answer(context, request, lambda moment: relations.list_movers(moment, request))

    def ListMentions(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ListMentionsRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ListMentionsResponse:
        """See `serving.handlers.list_mentions`."""
        return self._answer(context, request, lambda moment: handlers.list_mentions(moment, request))

    def ListTop(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ListTopRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ListTopResponse:
        """See `serving.handlers.list_top`."""
        return self._answer(context, request, lambda moment: handlers.list_top(moment, request))

    def ResolveEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.ResolveEntitiesRequest, context: grpc.ServicerContext
    ) -> graph_pb2.ResolveEntitiesResponse:
        """See `serving.handlers.resolve_entities`."""
        with self._loading:  # The gazetteer is read once, by whoever asks first.
            linker = self._linker
        return self._answer(context, request, lambda moment: handlers.resolve_entities(moment, request, linker))

    def GetStatus(  # noqa: N802 - named by the proto
        self, request: graph_pb2.GetStatusRequest, context: grpc.ServicerContext
    ) -> graph_pb2.GetStatusResponse:
        """See `serving.handlers.get_status`."""
        return self._answer(context, request, self._status)

    def _answer(
        self, context: grpc.ServicerContext, request: _Request, handler: Callable[[Moment], AnswerT]
    ) -> AnswerT:
        return self._calls.answer(context, request.graph, handler, request.min_version)

    def _written(self, context: grpc.ServicerContext, request: _Request, handler: Callable[[Moment], Message]) -> bytes:
        return self._answer(context, request, handler).SerializeToString()

    def _status(self, moment: Moment) -> graph_pb2.GetStatusResponse:
        status = handlers.get_status(moment, self._lag.lag(moment.graph, moment.progress))
        return present_answers.count_answers(status, self._calls.graphs.live(moment.graph))

    def WatchEntities(  # noqa: N802 - named by the proto
        self, request: graph_pb2.WatchEntitiesRequest, context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """See `serving.watch.watch`."""

        def scores(ended: Callable[[], bool]) -> Iterator[bytes]:
            arguments.watched_ids(list(request.entity_ids))
            return watch(self._calls.graphs, request, ended, self._calls.settings.stream_interval_s)

        return self._calls.stream(context, scores)
