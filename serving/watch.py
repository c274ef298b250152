"""A stream of scores: all at once, then each one whenever it changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from serving import handlers
from serving.arguments import least_version
from serving.graphs import Graphs
from wiregraph.v1 import graph_pb2

LOOK_AGAIN_S = 0.5
"""So often a stream looks whether its client is still there."""


def watch(
    graphs: Graphs, request: graph_pb2.WatchEntitiesRequest, ended: Callable[[], bool], interval_s: float
) -> Iterator[graph_pb2.EntityScore]:
    """The scores of entities until `ended`, each when it differs from the one sent before.

    Nothing is queued: while a client reads slowly its next scores are not computed, and then are the
    latest. Unknown entities are missing until the graph knows them.
    """
    sent: dict[str, bytes] = {}
    least = least_version(request.min_version)
    asked = graph_pb2.BatchGetEntitiesRequest(entity_ids=request.entity_ids, graph=request.graph)
    if request.HasField("window"):
        asked.window.CopyFrom(request.window)
    while not ended():
        seen = graphs.generation
        answer = graphs.ask(request.graph, lambda moment: handlers.batch_get_entities(moment, asked), least)
        for score in answer.entities:
            content = _content(score)
            if sent.get(score.entity_id) != content:
                sent[score.entity_id] = content
                score.version = answer.version
                yield score
        time.sleep(interval_s)
        while not ended() and graphs.wait(seen, LOOK_AGAIN_S) == seen:
            pass


def _content(score: graph_pb2.EntityScore) -> bytes:
    """What makes a score another one: not when it was written, nor how complete it is."""
    copy = graph_pb2.EntityScore()
    copy.CopyFrom(score)
    copy.ClearField("watermark")
    copy.ClearField("applied_at")
    return copy.SerializeToString(deterministic=True)
