import grpc
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
    ("entity_ids", "BatchGetEntities", graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:a"] * 1_001)),
    ("entity_ids", "BatchGetEntities", graph_pb2.BatchGetEntitiesRequest(entity_ids=[""])),
    ("step", "GetSeries", graph_pb2.GetSeriesRequest(entity_id="org:a", step=Duration(seconds=30))),
    ("from", "GetSeries", from_to(T0, T0)),
    ("from", "GetSeries", from_to(0, T0)),
    ("limit", "GetNeighbors", graph_pb2.GetNeighborsRequest(entity_id="org:a", limit=-1)),
    ("limit", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", limit=1_001)),
    ("page_token", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", page_token=GARBAGE)),
    ("page_token", "ListMentions", graph_pb2.ListMentionsRequest(entity_id="org:a", page_token=FOREIGN)),
    ("type", "ListTop", graph_pb2.ListTopRequest(type="CAT")),
    ("text", "ResolveEntities", graph_pb2.ResolveEntitiesRequest(text=" ")),
]


def test_a_bad_argument_is_named(running: Running) -> None:
    for field, method, request in BAD:
        code, details = status_of(lambda: getattr(running.graph, method)(request))  # noqa: B023 - called at once
        assert code is grpc.StatusCode.INVALID_ARGUMENT, (method, request)
        assert details.startswith(f"{field}: "), (method, request, details)
    stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["a"] * 1_001))
    code, details = status_of(lambda: next(stream))
    assert (code, details[:11]) == (grpc.StatusCode.INVALID_ARGUMENT, "entity_ids:")
