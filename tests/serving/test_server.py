"""The whole service over a real connection, in this process."""

import socket
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from serving.progress import Progress
from serving.security import ListenError
from serving.server import Server
from serving.settings import ServerSettings
from serving.store import GraphWriter, move_aside
from serving.windows import MINUTE_MS
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import DAY_MS
from tests.serving.filling import APPLIED_AT_MS, fill_store
from tests.serving.running import ARTICLES, END, HOUR, T0, Running, answers, from_to, stamp, status_of, until
from wiregraph.v1 import graph_pb2


def test_answers_unavailable_until_there_is_a_store(empty: Running) -> None:
    assert empty.health() == health_pb2.HealthCheckResponse.NOT_SERVING
    code, _ = status_of(lambda: empty.graph.GetStatus(graph_pb2.GetStatusRequest()))
    assert code is grpc.StatusCode.UNAVAILABLE
    fill_store(empty.store / "live", ARTICLES)
    until(empty.serves)
    assert empty.graph.GetStatus(graph_pb2.GetStatusRequest()).facts == 4


def test_a_store_that_is_being_built_is_not_served(empty: Running) -> None:
    with GraphWriter(empty.store / "live") as writer:
        writer.write([], [], Progress("topic", {0: 3}, build_to={0: 9}))

    def refused() -> str:
        code, details = status_of(lambda: empty.graph.GetStatus(graph_pb2.GetStatusRequest()))
        assert code is grpc.StatusCode.UNAVAILABLE
        return details

    until(lambda: "3 of 9" in refused())
    assert not empty.serves()


def test_get_entity(running: Running) -> None:
    score = running.graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:a", window=HOUR))
    assert (score.name, score.type, score.articles, score.mentions) == ("A", "ORG", 2, 2)
    assert score.sentiment == pytest.approx((0.8 * 0.5 - 0.2 * 0.25) / 1.0)
    assert (score.positive, score.neutral, score.negative) == (1, 1, 0)
    assert score.as_of == stamp(END)
    assert score.window == HOUR
    assert list(score.model_versions) == ["ner=1", "sentiment=1"]
    assert not score.HasField("volume_zscore")
    assert score.novelty == 0.5
    assert score.watermark == stamp(1_000)
    assert score.applied_at == stamp(APPLIED_AT_MS)


def test_the_windows_end_is_rounded_down_and_exclusive(running: Running) -> None:
    def articles(as_of: int) -> int:
        request = graph_pb2.GetEntityRequest(entity_id="org:a", window=HOUR, as_of=stamp(as_of))
        return int(running.graph.GetEntity(request).articles)

    assert articles(T0 + 59_999) == 0
    assert articles(T0 + MINUTE_MS) == 1
    assert articles(T0 + 2 * MINUTE_MS - 1) == 1
    assert articles(T0 + 2 * MINUTE_MS) == 2


def test_a_known_entity_without_articles_has_zeros(running: Running) -> None:
    request = graph_pb2.GetEntityRequest(entity_id="org:a", window=HOUR, as_of=stamp(T0 - DAY_MS))
    score = running.graph.GetEntity(request)
    assert (score.articles, score.mentions, score.HasField("sentiment"), score.HasField("relevance")) == (
        0,
        0,
        False,
        False,
    )


def test_unknown_entities(running: Running) -> None:
    code, details = status_of(lambda: running.graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:x")))
    assert code is grpc.StatusCode.NOT_FOUND
    assert "org:x" in details
    request = graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:b", "org:x", "org:a"])
    assert [score.entity_id for score in running.graph.BatchGetEntities(request).entities] == ["org:b", "org:a"]


def test_an_entity_that_was_not_known_by_then_is_unknown(running: Running) -> None:
    graph, known_at = running.graph, stamp(T0 + 3_600_000)
    calls = [
        lambda: graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:late", known_at=known_at)),
        lambda: graph.GetNeighbors(graph_pb2.GetNeighborsRequest(entity_id="org:late", known_at=known_at)),
        lambda: graph.ListMentions(graph_pb2.ListMentionsRequest(entity_id="org:late", known_at=known_at)),
        lambda: graph.GetSeries(graph_pb2.GetSeriesRequest(entity_id="org:late", known_at=known_at)),
    ]
    assert [status_of(call)[0] for call in calls] == [grpc.StatusCode.NOT_FOUND] * 4
    top = graph.ListTop(graph_pb2.ListTopRequest(known_at=known_at))
    assert [score.entity_id for score in top.entities] == ["org:a", "org:b"]
    batch = graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:late"], known_at=known_at)
    assert not graph.BatchGetEntities(batch).entities


def test_top_neighbors_and_series(running: Running) -> None:
    graph = running.graph
    top = graph.ListTop(graph_pb2.ListTopRequest(window=HOUR))
    assert [(score.entity_id, score.articles) for score in top.entities] == [
        ("org:a", 2),
        ("org:late", 1),
        ("org:b", 1),
    ]
    found = graph.GetNeighbors(graph_pb2.GetNeighborsRequest(entity_id="org:b", window=HOUR)).neighbors
    assert [(one.entity_id, one.articles, one.weight, one.sentiment) for one in found] == [("org:a", 1, 0.48, 0.0)]
    series = graph.GetSeries(from_to(T0 - 60_000, END))
    assert [(point.as_of, point.articles) for point in series.points] == [
        (stamp(T0), 0),
        (stamp(T0 + 60_000), 1),
        (stamp(END), 1),
    ]


def test_mentions_in_pages_that_stay_where_they_were(running: Running) -> None:
    request = graph_pb2.ListMentionsRequest(entity_id="org:a", window=HOUR, limit=1)
    first = running.graph.ListMentions(request)
    assert [(one.article_id, one.headline) for one in first.mentions] == [("two", "About org:a")]
    newer = Article("three", END + DAY_MS, END + DAY_MS, (Said("org:a", 1, 1),))
    before = running.graph.GetStatus(graph_pb2.GetStatusRequest()).facts
    fill_store(running.store / "live", [*ARTICLES, newer])
    until(lambda: running.graph.GetStatus(graph_pb2.GetStatusRequest()).facts == before + 1)
    request.page_token = first.next_page_token
    second = running.graph.ListMentions(request)
    assert [one.article_id for one in second.mentions] == ["one"]
    assert second.next_page_token == ""


def test_resolve_finds_names_that_only_the_graph_knows(running: Running) -> None:
    fill_store(running.store / "live", [Article("x", T0, T0, (Said("org:zyxomat-holding", 1, 1),))])
    request = graph_pb2.ResolveEntitiesRequest(text="zyxomat")
    until(lambda: bool(running.graph.ResolveEntities(request).candidates))
    candidate = running.graph.ResolveEntities(request).candidates[0]
    assert (candidate.entity_id, candidate.name, candidate.articles) == ("org:zyxomat-holding", "Zyxomat Holding", 1)
    assert 0 < candidate.score < 1
    exact = graph_pb2.ResolveEntitiesRequest(text="zyxomat holding", limit=1)
    assert [one.score for one in running.graph.ResolveEntities(exact).candidates] == [1.0]


def test_status(running: Running) -> None:
    status = running.graph.GetStatus(graph_pb2.GetStatusRequest())
    assert (status.counts.articles, status.entities, status.facts, status.graph) == (3, 3, 4, "live")
    assert status.latest_event == stamp(T0 + 90_000)
    assert status.lag == -1
    assert status.watermark.ToDatetime(UTC) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_another_graph_is_opened_when_asked_for(running: Running) -> None:
    fill_store(running.store / "replayed", ARTICLES[:1])
    request = graph_pb2.GetStatusRequest(graph="replayed")
    assert (running.graph.GetStatus(request).graph, running.graph.GetStatus(request).facts) == ("replayed", 2)


def test_a_store_that_was_built_again_is_served(running: Running) -> None:
    move_aside(running.store / "live", 1)
    until(lambda: not running.serves())
    fill_store(running.store / "live", [*ARTICLES, Article("more", T0, T0, (Said("org:a", 1, 1),))])
    until(running.serves)
    assert running.graph.GetStatus(graph_pb2.GetStatusRequest()).facts == 5


def test_what_is_written_is_seen_at_once(tmp_path: Path) -> None:
    fill_store(tmp_path / "live", ARTICLES)
    with GraphWriter(tmp_path / "live") as writer, closing(Running(tmp_path, catch_up_s=120.0)) as running:
        progress = writer.progress()
        assert progress is not None
        until(lambda: answers(lambda: has_facts(running, 0)))
        for facts in range(20, 40):
            writer.write((), (), replace(progress, facts=facts))
            until(partial(has_facts, running, facts))


def has_facts(running: Running, facts: int) -> bool:
    return bool(running.graph.GetStatus(graph_pb2.GetStatusRequest()).facts == facts)


def test_stopping_ends_streams_and_refuses_new_calls(running: Running) -> None:
    stream = running.graph.WatchEntities(graph_pb2.WatchEntitiesRequest(entity_ids=["org:a"]))
    next(stream)
    stopper = threading.Thread(target=running.server.stop)
    stopper.start()
    assert list(stream) == []
    stopper.join(10)
    assert not stopper.is_alive()
    assert status_of(lambda: running.graph.GetStatus(graph_pb2.GetStatusRequest()))[0] is grpc.StatusCode.UNAVAILABLE


def test_reflection_names_the_services(running: Running) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(running.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = next(stub.ServerReflectionInfo(iter([request])))
    names = {service.name for service in answer.list_services_response.service}
    assert {"wiregraph.v1.Graph", "grpc.health.v1.Health"} <= names


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ListenError, match="cannot be used"):
            Server(ServerSettings("127.0.0.1:1", tmp_path, taken.getsockname()[1], {}))
