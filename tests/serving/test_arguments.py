import math

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.serving.running import T0, Running, from_to, status_of
from wiregraph.v1 import graph_pb2

GARBAGE, FOREIGN = "!", "AAAA"

BAD = [
    ("window", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", window=Duration(seconds=61))),
    ("window", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", window=Duration(seconds=60, nanos=1))),
    ("window", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", window=Duration())),
    ("window", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", window=Duration(seconds=-60))),
    ("window", "ListTop", graph_pb2.ListTopRequest(window=Duration(seconds=3_651 * 86_400))),
    ("as_of", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", as_of=Timestamp(seconds=-1))),
    ("as_of", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", as_of=Timestamp(seconds=253_402_300_800))),
    ("as_of", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", as_of=Timestamp(nanos=-1))),
    ("known_at", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", known_at=Timestamp(seconds=-1))),
    ("entity_id", "GetEntity", graph_pb2.GetEntityRequest()),
    ("graph", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", graph="other")),
    ("graph", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", graph="../live")),
    ("min_version", "GetEntity", graph_pb2.GetEntityRequest(entity_id="org:a", min_version=": :")),
    ("entity_ids", "BatchGetEntities", graph_pb2.BatchGetEntitiesRequest(entity_ids=[""])),
    ("step", "GetSeries", graph_pb2.GetSeriesRequest(entity_id="org:a", step=Duration(seconds=30))),
    ("from", "GetSeries", from_to(T0, T0)),
    ("limit", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="org:a", limit=-1)),
    ("page_token", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", page_token=GARBAGE)),
    ("page_token", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", page_token=FOREIGN)),
    ("type", "ListTop", graph_pb2.ListTopRequest(type="CAT")),
    ("sector", "ListTop", graph_pb2.ListTopRequest(sector="Energy")),
    ("type", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="org:a", type="SECTOR")),
    ("min_weight", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="org:a", min_weight=-1)),
    ("min_weight", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="org:a", min_weight=math.nan)),
    ("min_articles", "ExpandNeighbors", graph_pb2.ExpandNeighborsRequest(entity_id="org:a", min_articles=-1)),
    ("fan_out", "ExpandNeighbors", graph_pb2.ExpandNeighborsRequest(entity_id="org:a", fan_out=-1)),
    ("entity_id", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="sector:energy")),
    ("entity_id", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="sector:energy")),
    ("from_id", "FindPath", graph_pb2.FindPathRequest(to_id="org:a")),
    ("to_id", "FindPath", graph_pb2.FindPathRequest(from_id="org:a", to_id="org:a")),
    ("to_id", "FindPath", graph_pb2.FindPathRequest(from_id="org:a", to_id="sector:energy")),
    ("hops_max", "FindPath", graph_pb2.FindPathRequest(from_id="org:a", to_id="org:b", hops_max=-1)),
    ("by", "ListMovers", graph_pb2.ListMoversRequest(by="chance")),
    ("min_articles", "ListMovers", graph_pb2.ListMoversRequest(min_articles=-1)),
    ("text", "ResolveEntities", graph_pb2.ResolveEntitiesRequest(text=" ")),
]


TOO_MUCH = [
    ("entity_ids", "BatchGetEntities", graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:a"] * 1_001)),
    ("from", "GetSeries", from_to(0, T0)),
    ("limit", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", limit=1_001)),
    ("limit", "ExpandNeighbors", graph_pb2.ExpandNeighborsRequest(entity_id="org:a", limit=1_001)),
    ("fan_out", "ExpandNeighbors", graph_pb2.ExpandNeighborsRequest(entity_id="org:a", fan_out=1_001)),
    ("hops_max", "FindPath", graph_pb2.FindPathRequest(from_id="org:a", to_id="org:b", hops_max=4)),
]


@pytest.mark.parametrize(
    ("cases", "expected"),
    [(BAD, grpc.StatusCode.INVALID_ARGUMENT), (TOO_MUCH, grpc.StatusCode.RESOURCE_EXHAUSTED)],
)
def test_what_cannot_be_answered_is_named(
    running: Running, cases: list[tuple[str, str, object]], expected: grpc.StatusCode
) -> None:
    for field, method, request in cases:
        code, details = status_of(lambda: getattr(running.graph, method)(request))  # noqa: B023 - called at once
        assert code is expected, (method, request)
        assert details.startswith(f"{field}: "), (method, request, details)


def test_a_stream_of_nothing_or_of_too_much_is_refused(running: Running) -> None:
    stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["a"] * 1_001))
    assert status_of(lambda: next(stream))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest())
    assert status_of(lambda: next(stream))[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_an_unknown_id_is_not_repeated_whole(running: Running) -> None:
    code, details = status_of(lambda: running.graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="x" * 1_000_000)))
    assert code is grpc.StatusCode.NOT_FOUND
    assert len(details) < 300
