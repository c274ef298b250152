"""Calls over a real connection: answers that are kept say what the handlers say, and only for questions about now."""

from collections.abc import Callable
from dataclasses import replace

import grpc
from google.protobuf.duration_pb2 import Duration

from serving.store import GraphWriter
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, END, T0, Running, stamp, status_of, until
from wiregraph.v1 import graph_pb2

DAY = Duration(seconds=86_400)
MORE = Article("more", T0 + 180_000, T0 + 180_000, (Said("org:b", 500_000, 1), Said("org:a", 400_000, 1)))


def counts(running: Running) -> tuple[int, int]:
    status = running.graph.GetStatus(graph_pb2.GetStatusRequest())
    return status.answers_kept, status.answers_computed


def warm(running: Running, ask: Callable[[], object]) -> None:
    """Asks until the answer comes from what is kept, which begins with the follower's first look at the store."""

    def kept() -> bool:
        before, _ = counts(running)
        ask()
        return counts(running)[0] > before

    until(kept)


def test_a_second_answer_is_kept_and_the_same(running: Running) -> None:
    asked = graph_pb2.GetEntityRequest(entity_id="org:a", window=DAY)
    as_of = graph_pb2.GetEntityRequest(entity_id="org:a", window=DAY, as_of=stamp(END))
    warm(running, lambda: running.graph.GetEntity(asked))
    first = running.graph.GetEntity(asked)
    kept, computed = counts(running)
    assert running.graph.GetEntity(asked) == first == running.graph.GetEntity(as_of)
    assert counts(running) == (kept + 1, computed)
    batch = graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:b", "org:nobody", "org:a"], window=DAY)
    found = running.graph.BatchGetEntities(batch)
    assert [one.entity_id for one in found.entities] == ["org:b", "org:a"]
    first.version = ""
    assert found.entities[1] == first
    batch.as_of.CopyFrom(stamp(END))
    assert running.graph.BatchGetEntities(batch) == found


def test_neighbors_are_kept_until_they_change(running: Running) -> None:
    asked = graph_pb2.GetNeighborsRequest(entity_id="org:a", window=DAY, limit=20)
    warm(running, lambda: running.graph.GetNeighbors(asked))
    first = running.graph.GetNeighbors(asked)
    kept, computed = counts(running)
    assert running.graph.GetNeighbors(asked) == first
    assert counts(running) == (kept + 1, computed)
    fill_store(running.store / "live", [*ARTICLES, MORE])
    until(lambda: running.graph.GetNeighbors(asked).neighbors[0].articles == 2)
    as_of = graph_pb2.GetNeighborsRequest(entity_id="org:a", window=DAY, limit=20, as_of=stamp(T0 + 240_000))
    assert running.graph.GetNeighbors(asked) == running.graph.GetNeighbors(as_of)


def test_what_was_known_then_is_not_kept(running: Running) -> None:
    asked = graph_pb2.GetEntityRequest(entity_id="org:late", window=DAY)
    warm(running, lambda: running.graph.GetEntity(asked))
    before = counts(running)
    assert running.graph.GetEntity(asked).articles == 1
    asked.known_at.CopyFrom(stamp(T0 + 1))
    assert status_of(lambda: running.graph.GetEntity(asked))[0] is grpc.StatusCode.NOT_FOUND
    sector = graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:a", "sector:none"])
    assert [one.entity_id for one in running.graph.BatchGetEntities(sector).entities] == ["org:a"]
    empty = graph_pb2.BatchGetEntitiesRequest(entity_ids=["org:a", ""])
    assert status_of(lambda: running.graph.BatchGetEntities(empty))[0] is grpc.StatusCode.INVALID_ARGUMENT
    assert counts(running)[1] - before[1] <= 2


def test_a_kept_answer_is_not_given_for_another_changelog(running: Running) -> None:
    asked = graph_pb2.GetEntityRequest(entity_id="org:a")
    warm(running, lambda: running.graph.GetEntity(asked))
    version = running.graph.GetEntity(asked).version
    asked.min_version = version
    assert running.graph.GetEntity(asked).version == version
    asked.min_version = f"other:{version.partition(':')[2]}"
    assert status_of(lambda: running.graph.GetEntity(asked))[0] is grpc.StatusCode.FAILED_PRECONDITION


def test_a_watermark_that_moves_is_shown_at_once(running: Running) -> None:
    asked = graph_pb2.GetEntityRequest(entity_id="org:a", window=DAY)
    warm(running, lambda: running.graph.GetEntity(asked))
    first = running.graph.GetEntity(asked)
    with GraphWriter(running.store / "live") as writer:
        progress = writer.progress()
        assert progress is not None
        writer.write((), (), replace(progress, watermark_ms=5_000))
    until(lambda: running.graph.GetEntity(asked).watermark == stamp(5_000))
    assert running.graph.GetEntity(asked).articles == first.articles
