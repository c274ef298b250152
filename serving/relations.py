"""Answers the calls of the Graph service about edges and about changes; knows messages, but no network."""

from __future__ import annotations

from serving import answers, arguments
from serving.arguments import BadArgumentError, TooMuchError, question
from serving.graphs import Moment
from serving.handlers import entity_node
from serving.movers import Ranking, movers
from serving.neighbors import Bounds, neighbors
from serving.top import Filter
from serving.ways import Reach, TooManyEdgesError, expand, find_path
from udfs.records import MICRO
from wiregraph.v1 import graph_pb2


def get_neighbors(moment: Moment, request: graph_pb2.GetNeighborsRequest) -> graph_pb2.GetNeighborsResponse:
    """Who is named together with an entity; raises `UnknownEntityError`."""
    most = arguments.limit(request.limit)
    bounds = _bounds(request.min_weight, request.min_articles, request.type)
    asked = question(request, moment.progress)
    node = entity_node(moment, "entity_id", request.entity_id, asked)
    found = [answers.neighbor(one) for one in neighbors(moment.view, node.entity, asked, most, bounds)]
    return answers.versioned(graph_pb2.GetNeighborsResponse(neighbors=found), moment.progress)


def expand_neighbors(moment: Moment, request: graph_pb2.ExpandNeighborsRequest) -> graph_pb2.ExpandNeighborsResponse:
    """Who is one or two edges away; raises `UnknownEntityError`."""
    most = arguments.limit(request.limit, arguments.REACHED_MAX) or arguments.REACHED_MAX
    bounds = _bounds(request.min_weight, request.min_articles, request.type)
    reach = Reach(bounds, arguments.fan_out(request.fan_out, arguments.FAN_OUT_EXPANSION))
    asked = question(request, moment.progress)
    node = entity_node(moment, "entity_id", request.entity_id, asked)
    try:
        found = expand(moment.view, node.entity, asked, reach, most)
    except TooManyEdgesError as error:
        raise TooMuchError("fan_out", f"{error}: follow fewer, or ask for a shorter window") from error
    entities = [
        graph_pb2.Reached(
            neighbor=answers.neighbor(one.neighbor), hops=one.hops, via=one.via, strength=one.strength / MICRO
        )
        for one in found.reached
    ]
    answer = graph_pb2.ExpandNeighborsResponse(entities=entities, complete=found.complete)
    return answers.versioned(answer, moment.progress)


def path_between(moment: Moment, request: graph_pb2.FindPathRequest) -> graph_pb2.FindPathResponse:
    """How two entities hang together; raises `UnknownEntityError` for either."""
    if request.from_id == request.to_id:
        raise BadArgumentError("to_id", "must be another entity than from_id")
    fan_out = arguments.fan_out(request.fan_out, arguments.FAN_OUT_PATH)
    bounds = _bounds(request.min_weight, request.min_articles, "")
    reach = Reach(bounds, fan_out, arguments.hops(request.hops_max))
    asked = question(request, moment.progress)
    start = entity_node(moment, "from_id", request.from_id, asked)
    end = entity_node(moment, "to_id", request.to_id, asked)
    try:
        found = find_path(moment.view, start.entity, end.entity, asked, reach)
    except TooManyEdgesError as error:
        raise TooMuchError("fan_out", f"{error}: follow fewer, or ask for a shorter window") from error
    steps = [answers.neighbor(one) for one in found.steps]
    answer = graph_pb2.FindPathResponse(steps=steps, strength=found.strength / MICRO, complete=found.complete)
    return answers.versioned(answer, moment.progress)


def list_movers(moment: Moment, request: graph_pb2.ListMoversRequest) -> graph_pb2.ListMoversResponse:
    """Whose sentiment or volume changed most against the window before."""
    most = arguments.limit(request.limit)
    wanted = Filter(arguments.entity_type(request.type), arguments.sector(request.sector))
    least = arguments.at_least("min_articles", request.min_articles) or 1
    ranking = Ranking(arguments.ranked_by(request.by), least, wanted)
    asked = question(request, moment.progress)
    found = [
        graph_pb2.Mover(
            score=answers.entity_score(one.score, moment.progress),
            articles_before=one.before.articles,
            sentiment_before=one.before.sentiment,
            sentiment_change=one.sentiment_change,
        )
        for one in movers(moment.view, asked, ranking, most)
    ]
    return answers.versioned(graph_pb2.ListMoversResponse(movers=found), moment.progress)


def _bounds(weight: float, articles: int, kind: str) -> Bounds:
    least = arguments.at_least("min_articles", articles)
    return Bounds(arguments.min_weight(weight), least, arguments.entity_type(kind))
