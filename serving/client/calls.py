"""Each call as data: its method, its request, and how its answer is read. Both clients send these. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypedDict, TypeVar

from google.protobuf.message import Message

from serving.client import records
from serving.client.convert import KINDS, Time, Window, all_of, record, request, time_of
from serving.client.listing import Listing
from wiregraph.v1 import fraud_pb2, graph_pb2

AnswerT = TypeVar("AnswerT")
RecordT = TypeVar("RecordT")

PAGE_MAX = 1_000
_GRAPH = "/wiregraph.v1.Graph/"
_FRAUD = "/wiregraph.v1.Fraud/"
_ADMIN = "/wiregraph.v1.Admin/"


class Asked(TypedDict, total=False):
    """What most questions take: the window [as_of - window, as_of), by what was known then, of a graph."""

    window: Window
    as_of: Time
    known_at: Time
    graph: str


class ScoreAsked(Asked, total=False):
    """Whether with the details that a score is made of."""

    details: bool


class EdgesAsked(Asked, total=False):
    """Which edges count."""

    min_weight: float
    min_articles: int


class NeighborsAsked(EdgesAsked, total=False):
    """Which neighbours."""

    limit: int
    type: str


class ExpandAsked(NeighborsAsked, total=False):
    """Over how many of the neighbours, the strongest."""

    fan_out: int


class PathAsked(EdgesAsked, total=False):
    """Over how many edges at most, and how many neighbours, the strongest."""

    hops_max: int
    fan_out: int


class TopAsked(Asked, total=False):
    """Which entities: `type` ORG, PER, LOC or SECTOR, `sector` an id such as sector:energy."""

    limit: int
    type: str
    sector: str


class MoversAsked(TopAsked, total=False):
    """Which movers: `by` sentiment or volume, with so many articles at least."""

    by: str
    min_articles: int


class SeriesAsked(TypedDict, total=False):
    """Windows of `step` side by side from `start` to `end`."""

    step: Window
    start: Time
    end: Time
    known_at: Time
    graph: str


class ResolveAsked(TypedDict, total=False):
    """How many, and by what was known when."""

    limit: int
    as_of: Time
    known_at: Time
    graph: str


class WatchAsked(TypedDict, total=False):
    """Over which window, of which graph."""

    window: Window
    graph: str


class AlertsAsked(TypedDict, total=False):
    """Which alerts: `state` open, reviewed or withdrawn, events from `start` on and before `end`."""

    state: str
    rule: str
    session_id: str
    user: str
    start: Time
    end: Time
    graph: str


@dataclass(frozen=True, slots=True)
class Call(Generic[AnswerT]):
    """`read` makes of the answer, a message of `kind`, what the caller gets."""

    path: str
    request: Message
    kind: type[Message]
    read: Callable[[Any], AnswerT] = record


def get(entity_id: str, asked: ScoreAsked) -> Call[records.Score]:
    """One entity's score."""
    sent = request(graph_pb2.GetEntityRequest, entity_id=entity_id, **asked)
    return Call(f"{_GRAPH}GetEntity", sent, graph_pb2.EntityScore)


def batch(entity_ids: Iterable[str], asked: Asked) -> Call[Listing[records.Score]]:
    """Scores of many."""
    sent = request(graph_pb2.BatchGetEntitiesRequest, entity_ids=all_of(entity_ids), **asked)
    kind = graph_pb2.BatchGetEntitiesResponse
    return Call(f"{_GRAPH}BatchGetEntities", sent, kind, _listing(graph_pb2.EntityScore, "entities"))


def series(entity_id: str, asked: SeriesAsked) -> Call[Listing[records.Score]]:
    """Scores over windows side by side."""
    sent = request(graph_pb2.GetSeriesRequest, entity_id=entity_id, **_from_to(asked))
    read = _listing(graph_pb2.EntityScore, "points", indexed_by="as_of")
    return Call(f"{_GRAPH}GetSeries", sent, graph_pb2.GetSeriesResponse, read)


def neighbors(entity_id: str, asked: NeighborsAsked) -> Call[Listing[records.Neighbor]]:
    """Who stands in articles with an entity."""
    sent = request(graph_pb2.GetNeighborsRequest, entity_id=entity_id, **asked)
    read = _listing(graph_pb2.Neighbor, "neighbors")
    return Call(f"{_GRAPH}GetNeighbors", sent, graph_pb2.GetNeighborsResponse, read)


def expand(entity_id: str, asked: ExpandAsked) -> Call[Listing[records.Reached]]:
    """Who is at most two edges away."""
    sent = request(graph_pb2.ExpandNeighborsRequest, entity_id=entity_id, **asked)
    read = _listing(graph_pb2.Reached, "entities")
    return Call(f"{_GRAPH}ExpandNeighbors", sent, graph_pb2.ExpandNeighborsResponse, read)


def path(from_id: str, to_id: str, asked: PathAsked) -> Call[records.Path]:
    """How two entities hang together."""
    sent = request(graph_pb2.FindPathRequest, from_id=from_id, to_id=to_id, **asked)
    return Call(f"{_GRAPH}FindPath", sent, graph_pb2.FindPathResponse)


def movers(asked: MoversAsked) -> Call[Listing[records.Mover]]:
    """Who moved most."""
    sent = request(graph_pb2.ListMoversRequest, **asked)
    return Call(f"{_GRAPH}ListMovers", sent, graph_pb2.ListMoversResponse, _listing(graph_pb2.Mover, "movers"))


def mentions(entity_id: str, asked: Asked) -> Call[Listing[records.Mention]]:
    """The first page of an entity's facts."""
    sent = request(graph_pb2.ListMentionsRequest, entity_id=entity_id, **asked)
    read = _listing(graph_pb2.EntityMention, "mentions")
    return Call(f"{_GRAPH}ListMentions", sent, graph_pb2.ListMentionsResponse, read)


def top(asked: TopAsked) -> Call[Listing[records.Score]]:
    """Who is in the news."""
    sent = request(graph_pb2.ListTopRequest, **asked)
    return Call(f"{_GRAPH}ListTop", sent, graph_pb2.ListTopResponse, _listing(graph_pb2.EntityScore, "entities"))


def resolve(text: str, asked: ResolveAsked) -> Call[Listing[records.Candidate]]:
    """Whom a text may mean."""
    sent = request(graph_pb2.ResolveEntitiesRequest, text=text, **asked)
    read = _listing(graph_pb2.Candidate, "candidates")
    return Call(f"{_GRAPH}ResolveEntities", sent, graph_pb2.ResolveEntitiesResponse, read)


def status(graph: str) -> Call[records.Status]:
    """How far a graph is."""
    sent = request(graph_pb2.GetStatusRequest, graph=graph)
    return Call(f"{_GRAPH}GetStatus", sent, graph_pb2.GetStatusResponse)


def watch(entity_ids: Iterable[str], asked: WatchAsked) -> Call[records.Score]:
    """A stream of scores."""
    sent = request(graph_pb2.WatchEntitiesRequest, entity_ids=all_of(entity_ids), **asked)
    return Call(f"{_GRAPH}WatchEntities", sent, graph_pb2.EntityScore)


def alerts(asked: AlertsAsked) -> Call[Listing[records.Alert]]:
    """The first page of alerts."""
    sent = request(fraud_pb2.ListAlertsRequest, **_from_to(asked))
    return Call(f"{_FRAUD}ListAlerts", sent, fraud_pb2.ListAlertsResponse, _listing(fraud_pb2.Alert, "alerts"))


def alert(alert_id: str, graph: str) -> Call[records.Alert]:
    """One alert."""
    sent = request(fraud_pb2.GetAlertRequest, alert_id=alert_id, graph=graph)
    return Call(f"{_FRAUD}GetAlert", sent, fraud_pb2.Alert)


def watch_alerts(rule: str, graph: str) -> Call[records.Alert]:
    """A stream of alerts."""
    sent = request(fraud_pb2.WatchAlertsRequest, rule=rule, graph=graph)
    return Call(f"{_FRAUD}WatchAlerts", sent, fraud_pb2.Alert)


def review(alert_id: str, verdict: str, by: str, note: str) -> Call[records.Alert]:
    """A verdict; the same again counts once."""
    sent = request(fraud_pb2.ReviewAlertRequest, alert_id=alert_id, verdict=verdict, by=by, note=note)
    return Call(f"{_FRAUD}ReviewAlert", sent, fraud_pb2.Alert)


def erase(subject: str) -> Call[records.Erased]:
    """An erasure; the same again changes nothing."""
    sent = request(fraud_pb2.EraseSubjectRequest, subject=subject)
    return Call(f"{_ADMIN}EraseSubject", sent, fraud_pb2.EraseSubjectResponse)


def first_page(call: Call[Listing[RecordT]], limit: int | None) -> Call[Listing[RecordT]]:
    """Of a call that is answered in pages, at most `limit` records in all."""
    return _page(call, "", limit)


def next_page(
    call: Call[Listing[RecordT]], so_far: Listing[RecordT], limit: int | None
) -> Call[Listing[RecordT]] | None:
    """What goes on after the pages so far; None where nothing is left, or nothing is wanted."""
    left = None if limit is None else limit - len(so_far)
    if not so_far.next_page_token or left == 0:
        return None
    return _page(call, so_far.next_page_token, left)


def _page(call: Call[Listing[RecordT]], token: str, left: int | None) -> Call[Listing[RecordT]]:
    sent = type(call.request)()
    sent.CopyFrom(call.request)
    sent.page_token = token  # type: ignore[attr-defined] # all calls in pages have these two
    sent.limit = PAGE_MAX if left is None else min(left, PAGE_MAX)  # type: ignore[attr-defined] # see above
    return replace(call, request=sent)


def joined(before: Listing[RecordT], page: Listing[RecordT]) -> Listing[RecordT]:
    """Pages as one list, as complete as the last of them."""
    return replace(page, items=(*before.items, *page.items))


def _from_to(asked: SeriesAsked | AlertsAsked) -> dict[str, Any]:
    """As the proto names them, where `from` is no name in Python."""
    names = {"start": "from", "end": "to"}
    return {names.get(name, name): value for name, value in asked.items()}


def _listing(kind: type[Message], field: str, indexed_by: str = "") -> Callable[[Any], Listing[Any]]:
    def read(answer: Any) -> Listing[Any]:  # noqa: ANN401 - an answer of any kind
        return Listing(
            kind=KINDS[kind],
            items=tuple(record(item) for item in getattr(answer, field)),
            watermark=time_of(answer.watermark) if answer.HasField("watermark") else None,
            applied_at=time_of(answer.applied_at) if answer.HasField("applied_at") else None,
            version=getattr(answer, "version", ""),
            indexed_by=indexed_by,
            complete=getattr(answer, "complete", True),
            next_page_token=getattr(answer, "next_page_token", ""),
        )

    return read
