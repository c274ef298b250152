"""A read is never before one that was answered, nor before the version that its client carries."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor

from serving.progress import Progress
from serving.served import serve
from serving.store import GraphWriter, move_aside
from serving.versions import version_text
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, T0, Running, answers, status_of, until
from wiregraph.v1 import graph_pb2, services_pb2

UNARY = [one for one in services_pb2.DESCRIPTOR.services_by_name["Graph"].methods if not one.server_streaming]
MORE = [*ARTICLES, Article("more", T0, T0, (Said("org:b", 1, 1),))]


def stored_version(path: Path) -> str:
    with GraphWriter(path) as writer:
        progress = writer.progress()
        assert progress is not None
        return version_text(progress)


def asking(running: Running, min_version: str, graph: str = "") -> Callable[[], graph_pb2.EntityScore]:
    request = graph_pb2.GetEntityRequest(entity_id="org:b", min_version=min_version, graph=graph)
    return lambda: running.graph.GetEntity(request)


def test_every_answer_carries_the_version_of_the_store(running: Running) -> None:
    version = stored_version(running.store / "live")
    graph = running.graph
    answers = [
        graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:a")),
        graph.BatchGetEntities(graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:a"])),
        graph.GetSeries(graph_pb2.GetSeriesRequest(entity_id="org:a")),
        graph.GetNeighbors(graph_pb2.GetNeighborsRequest(entity_id="org:a")),
        graph.ExpandNeighbors(graph_pb2.ExpandNeighborsRequest(entity_id="org:a")),
        graph.FindPath(graph_pb2.FindPathRequest(from_id="org:a", to_id="org:b")),
        graph.ListMentions(graph_pb2.ListMentionsRequest(entity_id="org:a")),
        graph.ListTop(graph_pb2.ListTopRequest()),
        graph.ListMovers(graph_pb2.ListMoversRequest()),
        graph.ResolveEntities(graph_pb2.ResolveEntitiesRequest(text="a")),
        graph.GetStatus(graph_pb2.GetStatusRequest()),
        next(graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["org:a"], min_version=version))),
    ]
    assert {answer.version for answer in answers} == {version}
    assert [step.entity_id for step in answers[5].steps] == ["org:b"]
    assert [one.neighbor.entity_id for one in answers[4].entities] == ["org:b"]


def test_a_store_that_is_behind_answers_once_it_is_not(running: Running, tmp_path: Path) -> None:
    ahead = stored_version(fill_store(fill_store(tmp_path / "ahead", ARTICLES), MORE))
    code, details = status_of(asking(running, ahead))
    assert (code, details.startswith("graph 'live' is not yet as far")) == (grpc.StatusCode.UNAVAILABLE, True)
    assert asking(running, "")().articles == 1
    fill_store(running.store / "live", MORE)
    until(lambda: asking(running, "")().version == ahead)
    assert asking(running, ahead)().articles == 2


def test_a_version_of_another_changelog_or_none_at_all_is_refused(running: Running) -> None:
    assert status_of(asking(running, "other:1"))[0] is grpc.StatusCode.FAILED_PRECONDITION
    code, details = status_of(asking(running, "garbage"))
    assert (code, details.startswith("min_version: ")) == (grpc.StatusCode.INVALID_ARGUMENT, True)


@pytest.mark.parametrize("method", UNARY, ids=lambda method: method.name)
def test_every_call_looks_at_it(running: Running, method: MethodDescriptor) -> None:
    request = method.input_type._concrete_class(min_version="garbage")
    code, details = status_of(lambda: getattr(running.graph, method.name)(request))
    assert (code, details.startswith("min_version: ")) == (grpc.StatusCode.INVALID_ARGUMENT, True)


def test_an_older_store_in_its_place_is_not_served(running: Running) -> None:
    fill_store(running.store / "live", MORE)
    until(lambda: asking(running, "")().articles == 2)
    move_aside(running.store / "live", 1)
    fill_store(running.store / "live", ARTICLES)
    until(lambda: not answers(asking(running, "")))
    until(lambda: "not yet as far" in status_of(asking(running, ""))[1])
    fill_store(running.store / "live", MORE)
    until(lambda: answers(asking(running, "")))
    assert asking(running, "")().articles == 2


def test_another_graph_is_served_from_one_call_to_the_next(running: Running) -> None:
    fill_store(running.store / "replayed", [Article("x", T0, T0, (Said("org:b", 1, 1),))])
    with GraphWriter(running.store / "replayed") as writer:
        writer.write((), (), Progress("other", {0: 1}, latest_event_ms=T0))
    first = running.graph.GetStatus(graph_pb2.GetStatusRequest())
    assert first.graph == "live"
    serve(running.store, "replayed")
    until(lambda: running.graph.GetStatus(graph_pb2.GetStatusRequest()).graph == "replayed")
    assert running.graph.GetStatus(graph_pb2.GetStatusRequest(graph="live")).graph == "live"
    assert status_of(asking(running, first.version))[0] is grpc.StatusCode.FAILED_PRECONDITION
    serve(running.store, "live")
    until(lambda: running.graph.GetStatus(graph_pb2.GetStatusRequest()).graph == "live")
    assert asking(running, first.version)().articles == 1
