"""Answers each call of the Graph service from a moment of a graph; knows messages, but no network."""

from __future__ import annotations

from serving import answers, arguments
from serving.arguments import Page, question
from serving.calls import UnknownError
from serving.details import details, related_to_each
from serving.graphs import Moment
from serving.keyspace import row_key
from serving.mentions import mention_page
from serving.novelty import told_before
from serving.queries import Question, Score, first_event_ms, score, series
from serving.resolve import Resolves, Words, candidates
from serving.rows import stored_row
from serving.subjects import SECTOR, Subject, find_subject
from serving.top import Filter, top
from serving.windows import floor_minute
from udfs.changelog import CountRow, Kind, NodeRow
from udfs.names import SECTOR_PREFIX
from wiregraph.v1 import graph_pb2

ECHO_MAX = 200
"""Characters of an unknown id that an error repeats; it travels in the call's metadata."""


class UnknownEntityError(UnknownError):
    """An entity that the graph does not know, or did not know by then."""


def get_entity(moment: Moment, request: graph_pb2.GetEntityRequest) -> graph_pb2.EntityScore:
    """The score of an entity; raises `UnknownEntityError`."""
    asked = question(request, moment.progress)
    subject = _subject(moment, request.entity_id, asked)
    (found,) = _scores(moment, [subject], asked)
    answer = answers.entity_score(found, moment.progress)
    if request.details:
        answer.details.CopyFrom(answers.details(details(moment.view, subject, asked)))
    return answers.versioned(answer, moment.progress)


def batch_get_entities(
    moment: Moment, request: graph_pb2.BatchGetEntitiesRequest
) -> graph_pb2.BatchGetEntitiesResponse:
    """The scores of entities, in the order asked for; unknown ones are missing."""
    ids = arguments.entity_ids(list(request.entity_ids))
    asked = question(request, moment.progress)
    found = (find_subject(moment.view, entity, asked.known_at_ms) for entity in ids)
    scores = _scores(moment, [subject for subject in found if subject is not None], asked)
    entities = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.versioned(graph_pb2.BatchGetEntitiesResponse(entities=entities), moment.progress)


def get_series(moment: Moment, request: graph_pb2.GetSeriesRequest) -> graph_pb2.GetSeriesResponse:
    """The scores of an entity over windows side by side; raises `UnknownEntityError`."""
    asked = arguments.series_question(request, moment.progress)
    subject = _subject(moment, request.entity_id, asked.last)
    scores = series(
        moment.view, subject, asked.last, asked.count, first_event_ms(moment.view, asked.last, moment.progress)
    )
    points = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.versioned(graph_pb2.GetSeriesResponse(points=points), moment.progress)


def list_mentions(moment: Moment, request: graph_pb2.ListMentionsRequest) -> graph_pb2.ListMentionsResponse:
    """A page of an entity's facts; raises `UnknownEntityError`."""
    size = arguments.limit(request.limit, arguments.PAGE_MAX) or arguments.PAGE_MAX
    page = arguments.parse_page_token(request.page_token, arguments.entity_id(request.entity_id))
    asked = question(request, moment.progress, page.end_ms if page else None)
    node = entity_node(moment, "entity_id", request.entity_id, asked)
    found = mention_page(moment.view, node.entity, asked, size, page.key if page else None)
    token = "" if found.last_key is None else arguments.page_token(Page(asked.window.end_ms, found.last_key))
    before = told_before(moment.view, found.facts, asked.known_at_ms)
    others = related_to_each(moment.view, found.facts, asked.known_at_ms)
    mentions = [answers.mention(*one) for one in zip(found.facts, before, others, strict=True)]
    return answers.versioned(graph_pb2.ListMentionsResponse(mentions=mentions, next_page_token=token), moment.progress)


def list_top(moment: Moment, request: graph_pb2.ListTopRequest) -> graph_pb2.ListTopResponse:
    """The entities with articles in a window."""
    most = arguments.limit(request.limit)
    wanted = Filter(arguments.entity_type(request.type, (SECTOR,)), arguments.sector(request.sector))
    asked = question(request, moment.progress)
    scores = _scores(moment, top(moment.view, asked, wanted, most), asked)
    entities = [answers.entity_score(one, moment.progress) for one in scores]
    return answers.versioned(graph_pb2.ListTopResponse(entities=entities), moment.progress)


def resolve_entities(
    moment: Moment, request: graph_pb2.ResolveEntitiesRequest, linker: Resolves
) -> graph_pb2.ResolveEntitiesResponse:
    """What entities a text may mean."""
    if not request.text.strip():
        raise arguments.BadArgumentError("text", "must not be empty")
    most = arguments.limit(request.limit, arguments.CANDIDATES_MAX) or arguments.CANDIDATES_DEFAULT
    end_ms = arguments.time_ms(request, "as_of")
    known_at_ms = arguments.time_ms(request, "known_at")
    words = Words(request.text, None if end_ms is None else floor_minute(end_ms), known_at_ms)
    found = [
        graph_pb2.Candidate(
            entity_id=one.entity.entity_id,
            name=one.entity.name,
            type=one.entity.type,
            score=one.score,
            articles=one.articles,
        )
        for one in candidates(moment.view, linker, words, most)
    ]
    return answers.versioned(graph_pb2.ResolveEntitiesResponse(candidates=found), moment.progress)


def get_status(moment: Moment, lag: int) -> graph_pb2.GetStatusResponse:
    """How far the graph is, and what became of the records that came in."""
    progress = moment.progress
    answer = graph_pb2.GetStatusResponse(
        counts=_counts(moment), entities=progress.entities, facts=progress.facts, graph=moment.graph, lag=lag
    )
    if progress.latest_event_ms is not None:
        answer.latest_event.CopyFrom(answers.timestamp(progress.latest_event_ms))
    return answers.versioned(answer, progress)


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


def _subject(moment: Moment, entity: str, asked: Question, field: str = "entity_id") -> Subject:
    subject = find_subject(moment.view, arguments.entity_id(entity, field), asked.known_at_ms)
    if subject is None:
        raise UnknownEntityError(f"the graph has no entity {entity[:ECHO_MAX]!r}")
    return subject


def entity_node(moment: Moment, field: str, entity: str, asked: Question) -> NodeRow:
    """Of calls that answer for single entities only; `field` is the request's; raises `UnknownEntityError`."""
    if entity.startswith(SECTOR_PREFIX):
        raise arguments.BadArgumentError(field, "is a sector, ask for its members, which ListTop has")
    return _subject(moment, entity, asked, field).node


def _scores(moment: Moment, subjects: list[Subject], asked: Question) -> list[Score]:
    first_ms = first_event_ms(moment.view, asked, moment.progress)
    return [score(moment.view, subject, asked, first_ms) for subject in subjects]
