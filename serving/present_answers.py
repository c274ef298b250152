"""Answers about the present from what a process keeps, as bytes; None for what the handlers have to answer.

Those are questions about the past, about sectors or windows that are not kept, and all that is wrong. What is not
there is computed, but where only a `ready` answer is wanted: that never waits.
"""

from __future__ import annotations

from serving.arguments import IDS_MAX, WINDOW_DEFAULT_MS, AsksWindow
from serving.fragments import Fragment, Present, batch_bytes
from serving.graphs import Graphs
from serving.live import WINDOWS_MS, Live
from serving.store import StoreError
from serving.versions import VersionError, parse_version
from wiregraph.v1 import graph_pb2

_WINDOWS = {window_ms // 1_000: window_ms for window_ms in WINDOWS_MS}


def entity_answer(graphs: Graphs, request: graph_pb2.GetEntityRequest, *, ready: bool = False) -> bytes | None:
    """An EntityScore."""
    live, window_ms = graphs.live(request.graph), _window_ms(request)
    if live is None or not window_ms or request.details:
        return None
    try:
        found = live.score(request.entity_id, window_ms, ready=ready)
    except StoreError:  # The handlers say which.
        return None
    if found is None or not found[1].content or not _reaches(found[0], request.min_version):
        return None
    now, fragment = found
    return fragment.content + now.single_tail


def batch_answer(graphs: Graphs, request: graph_pb2.BatchGetEntitiesRequest, *, ready: bool = False) -> bytes | None:
    """A BatchGetEntitiesResponse."""
    found = scores_now(graphs, request, ready=ready)
    return None if found is None else batch_bytes(found[1], found[0])


def scores_now(
    graphs: Graphs, request: graph_pb2.BatchGetEntitiesRequest, *, ready: bool = False
) -> tuple[Present, list[Fragment]] | None:
    """A moment and the scores at it, those of unknown entities without content."""
    live, window_ms, entities = graphs.live(request.graph), _window_ms(request), request.entity_ids
    if live is None or not window_ms or len(entities) > IDS_MAX:
        return None
    try:
        found = live.scores(list(entities), window_ms, ready=ready)
    except StoreError:
        return None
    return found if found is not None and _reaches(found[0], request.min_version) else None


def neighbors_answer(graphs: Graphs, request: graph_pb2.GetNeighborsRequest, *, ready: bool = False) -> bytes | None:
    """A GetNeighborsResponse."""
    live, window_ms = graphs.live(request.graph), _window_ms(request)
    bounded = request.min_weight or request.min_articles or request.type
    if live is None or not window_ms or bounded or request.limit < 0:
        return None
    try:
        found = live.neighbors(request.entity_id, window_ms, request.limit, ready=ready)
    except StoreError:
        return None
    if found is None or not _reaches(found[0], request.min_version):
        return None
    now, fragment = found
    return fragment.content + now.list_tail


def count_answers(status: graph_pb2.GetStatusResponse, live: Live | None) -> graph_pb2.GetStatusResponse:
    """The status with how many answers this process took from what it keeps, and how many it computed."""
    if live is not None:
        status.answers_kept, status.answers_computed = live.kept, live.computed
    return status


def _window_ms(request: AsksWindow) -> int:
    """The window asked for, if its answers are kept and it ends now; else 0."""
    if request.HasField("as_of") or request.HasField("known_at"):
        return 0
    if not request.HasField("window"):
        return WINDOW_DEFAULT_MS
    window = request.window
    return 0 if window.nanos else _WINDOWS.get(window.seconds, 0)


def _reaches(now: Present, min_version: str) -> bool:
    """Whether a moment is at least at a version that a client carries."""
    if not min_version or min_version == now.version_text:
        return True
    try:
        least = parse_version(min_version)
    except VersionError:
        return False
    return least.topic_id == now.version.topic_id and least.reached_by(now.version)
