"""A stream of scores: all at once, then each one whenever it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from serving import answers, handlers
from serving.arguments import least_version
from serving.graphs import Graphs
from serving.present_answers import scores_now
from serving.versions import Version
from wiregraph.v1 import graph_pb2

LOOK_AGAIN_S = 0.5
"""So often a stream looks whether its client is still there."""
AT_ONCE = 32
PAUSE_S = 0.001
"""Between so many scores calls get their turn."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A score as it is now; it is another one where `content` or `as_of_ms` is."""

    entity: str
    content: bytes
    as_of_ms: int
    message: bytes


def watch(
    graphs: Graphs, request: graph_pb2.WatchEntitiesRequest, ended: Callable[[], bool], interval_s: float
) -> Iterator[bytes]:
    """The scores of entities until `ended`, serialized, each when it differs from the one sent before.

    Nothing is queued: while a client reads slowly its next scores are not computed, and then are the
    latest. Unknown entities are missing until the graph knows them.
    """
    sent: dict[str, tuple[bytes, int]] = {}
    least = least_version(request.min_version)
    parts = [_part(request, at) for at in range(0, len(request.entity_ids), AT_ONCE)]
    while not ended():
        seen = graphs.generation
        for part in parts:
            for score in _look(graphs, part, least):
                if sent.get(score.entity) != (score.content, score.as_of_ms):
                    sent[score.entity] = score.content, score.as_of_ms
                    yield score.message
            time.sleep(PAUSE_S)
        time.sleep(interval_s)
        while not ended() and graphs.wait(seen, LOOK_AGAIN_S) == seen:
            pass


def _part(request: graph_pb2.WatchEntitiesRequest, at: int) -> graph_pb2.BatchGetEntitiesRequest:
    part = graph_pb2.BatchGetEntitiesRequest(
        entity_ids=request.entity_ids[at : at + AT_ONCE], graph=request.graph, min_version=request.min_version
    )
    if request.HasField("window"):
        part.window.CopyFrom(request.window)
    return part


def _look(graphs: Graphs, asked: graph_pb2.BatchGetEntitiesRequest, least: Version | None) -> Iterator[_Seen]:
    found = scores_now(graphs, asked)
    if found is not None:
        now, fragments = found
        for entity, fragment in zip(asked.entity_ids, fragments, strict=True):
            if fragment.content:
                yield _Seen(entity, fragment.content, now.end_ms, fragment.content + now.single_tail)
        return
    answer = graphs.ask(asked.graph, lambda moment: handlers.batch_get_entities(moment, asked), least)
    for score in answer.entities:
        yield _Seen(score.entity_id, answers.content(score), score.as_of.ToMilliseconds(), _whole(score, answer))


def _whole(score: graph_pb2.EntityScore, answer: graph_pb2.BatchGetEntitiesResponse) -> bytes:
    score.version = answer.version
    return score.SerializeToString()
