"""Answers each call of the Graph service from a moment of a graph; knows messages, but no network."""

from __future__ import annotations

from serving import answers, arguments
from serving.arguments import Page, question
from serving.graphs import Moment
from serving.keyspace import row_key
from serving.mentions import mention_page
from serving.neighbors import neighbors
from serving.queries import Question, find_node, score, series, top
from serving.resolve import Resolves, candidates
from serving.rows import stored_row
from udfs.changelog import CountRow, Kind, NodeRow
from wiregraph.v1 import graph_pb2

ECHO_MAX = 200
"""Characters of an unknown id that an error repeats; it travels in the call's metadata."""


class UnknownEntityError(LookupError):
    """An entity that the graph does not know, or did not know by then."""


def get_entity(moment: Moment, request: graph_pb2.GetEntityRequest) -> graph_pb2.EntityScore:
    """The score of an entity; raises `UnknownEntityError`."""
    asked = question(request, moment.progress)
    node = _node(moment, request.entity_id, asked)
    return answers.entity_score(score(moment.view, node, asked, moment.progress.first_event_ms), moment.progress)


def batch_get_entities(
    moment: Moment, request: graph_pb2.BatchGetEntitiesRequest
) -> graph_pb2.BatchGetEntitiesResponse:
    """The scores of entities, in the order asked for; unknown ones are missing."""
    ids = arguments.entity_ids(list(request.entity_ids))
    asked = question(request, moment.progress)
    nodes = (find_node(moment.view, entity, asked.known_at_ms) for entity in ids)
    scores = (score(moment.view, node, asked, moment.progress.first_event_ms) for node in nodes if node is not None)
    entities = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.stamped(graph_pb2.BatchGetEntitiesResponse(entities=entities), moment.progress)


def get_series(moment: Moment, request: graph_pb2.GetSeriesRequest) -> graph_pb2.GetSeriesResponse:
    """The scores of an entity over windows side by side; raises `UnknownEntityError`."""
    asked = arguments.series_question(request, moment.progress)
    node = _node(moment, request.entity_id, asked.last)
    scores = series(moment.view, node, asked.last, asked.count)
    points = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.stamped(graph_pb2.GetSeriesResponse(points=points), moment.progress)


def get_neighbors(moment: Moment, request: graph_pb2.GetNeighborsRequest) -> graph_pb2.GetNeighborsResponse:
    """Who is named together with an entity; raises `UnknownEntityError`."""
    most = arguments.limit(request.limit)
    asked = question(request, moment.progress)
    node = _node(moment, request.entity_id, asked)
    found = [answers.neighbor(one) for one in neighbors(moment.view, node.entity, asked, most)]
    return answers.stamped(graph_pb2.GetNeighborsResponse(neighbors=found), moment.progress)


def list_mentions(moment: Moment, request: graph_pb2.ListMentionsRequest) -> graph_pb2.ListMentionsResponse:
    """A page of an entity's facts; raises `UnknownEntityError`."""
    size = arguments.limit(request.limit, arguments.PAGE_MAX) or arguments.PAGE_MAX
    page = arguments.parse_page_token(request.page_token, arguments.entity_id(request.entity_id))
    asked = question(request, moment.progress, page.end_ms if page else None)
    node = _node(moment, request.entity_id, asked)
    found = mention_page(moment.view, node.entity, asked, size, page.key if page else None)
    token = "" if found.last_key is None else arguments.page_token(Page(asked.window.end_ms, found.last_key))
    mentions = [answers.mention(fact) for fact in found.facts]
    return answers.stamped(graph_pb2.ListMentionsResponse(mentions=mentions, next_page_token=token), moment.progress)


def list_top(moment: Moment, request: graph_pb2.ListTopRequest) -> graph_pb2.ListTopResponse:
    """The entities with articles in a window."""
    most = arguments.limit(request.limit)
    kind = arguments.entity_type(request.type)
    asked = question(request, moment.progress)
    nodes = top(moment.view, asked, kind, most)
    scores = (score(moment.view, node, asked, moment.progress.first_event_ms) for node in nodes)
    entities = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.stamped(graph_pb2.ListTopResponse(entities=entities), moment.progress)


def resolve_entities(
    moment: Moment, request: graph_pb2.ResolveEntitiesRequest, linker: Resolves
) -> graph_pb2.ResolveEntitiesResponse:
    """What entities a text may mean."""
    if not request.text.strip():
        raise arguments.BadArgumentError("text", "must not be empty")
    most = arguments.limit(request.limit, arguments.CANDIDATES_MAX) or arguments.CANDIDATES_DEFAULT
    found = [
        graph_pb2.Candidate(
            entity_id=one.entity.entity_id,
            name=one.entity.name,
            type=one.entity.type,
            score=one.score,
            articles=one.articles,
        )
        for one in candidates(moment.view, linker, request.text, most)
    ]
    return answers.stamped(graph_pb2.ResolveEntitiesResponse(candidates=found), moment.progress)


def get_status(moment: Moment, lag: int) -> graph_pb2.GetStatusResponse:
    """How far the graph is, and what became of the records that came in."""
    progress = moment.progress
    answer = graph_pb2.GetStatusResponse(
        counts=_counts(moment), entities=progress.entities, facts=progress.facts, graph=moment.graph, lag=lag
    )
    if progress.latest_event_ms is not None:
        answer.latest_event.CopyFrom(answers.timestamp(progress.latest_event_ms))
    return answers.stamped(answer, progress)


def _counts(moment: Moment) -> graph_pb2.Counts:
    stored = moment.view.scan_prefix(row_key(f"{Kind.COUNT}/".encode()))
    rows = [row for row in (stored_row(key, value) for key, value in stored) if isinstance(row, CountRow)]
    return graph_pb2.Counts(
        articles=sum(row.articles for row in rows),
        empty=sum(row.empty for row in rows),
        duplicates=sum(row.duplicates for row in rows),
        dead_letters=sum(row.dead_letters for row in rows),
        late=sum(row.late for row in rows),
        known_assumed=sum(row.known_assumed for row in rows),
        edges_cut=sum(row.edges_cut for row in rows),
    )


def _node(moment: Moment, entity: str, asked: Question) -> NodeRow:
    node = find_node(moment.view, arguments.entity_id(entity), asked.known_at_ms)
    if node is None:
        raise UnknownEntityError(f"the graph has no entity {entity[:ECHO_MAX]!r}")
    return node
