"""Random questions about edges and changes, each answered by the server's handlers and by the brute-force twin."""

from __future__ import annotations

from typing import Any

import pytest

from serving import relations
from tests.oracles import ways
from tests.oracles.twin import TwinEdge, TwinScore, listed_name
from tests.serving.asking import Asking, check_score, heard_of, sector_of
from tests.serving.worlds import ENTITIES
from udfs.records import MICRO
from wiregraph.v1 import graph_pb2

SINGLE = [*ENTITIES, "org:nobody"]


def bounds(asked: Asking) -> dict[str, Any]:
    """Of edges; half of the time there are none."""
    weight, articles = asked.chance.choice([0.0, 0.0, 0.1, 0.5]), asked.chance.choice([0, 0, 1, 2])
    return {"min_weight": weight, "min_articles": articles}


def edges_within(asked: Asking, limits: dict[str, Any]) -> ways.Joined:
    weight = round(limits["min_weight"] * MICRO)
    return ways.within(asked.twin.edges(asked.window), weight, int(limits["min_articles"]))


def check_neighbor(found: graph_pb2.Neighbor, entity: str, edge: TwinEdge) -> None:
    assert (found.entity_id, found.name, found.type) == (entity, *listed_name(entity))
    assert (found.articles, round(found.weight * MICRO)) == (edge.articles, edge.weight)
    sentiment = edge.weighted / edge.weight if edge.weight else None
    assert (found.sentiment if found.HasField("sentiment") else None) == pytest.approx(sentiment)


def ask_neighbors(asked: Asking) -> None:
    entity, limit, limits = asked.chance.choice(SINGLE), asked.limit(), bounds(asked)
    kind = asked.chance.choice(["", "", "ORG", "PER"])
    request = graph_pb2.GetNeighborsRequest(entity_id=entity, limit=limit, type=kind, **limits, **asked.fields)
    if heard_of(asked, entity, lambda: relations.get_neighbors(asked.moment, request)):
        edges = edges_within(asked, limits).get(entity, {})
        order = sorted(edges, key=lambda other: (-edges[other].weight, other))
        expected = [one for one in order if listed_name(one)[1].startswith(kind)][: limit or None]
        found = relations.get_neighbors(asked.moment, request).neighbors
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            check_neighbor(one, other, edges[other])


def ask_expansion(asked: Asking) -> None:
    entity, limit, limits = asked.chance.choice(SINGLE), asked.limit(), bounds(asked)
    fan_out, kind = asked.chance.choice([0, 1, 2]), asked.chance.choice(["", "", "PER"])
    request = graph_pb2.ExpandNeighborsRequest(
        entity_id=entity, limit=limit, fan_out=fan_out, type=kind, **limits, **asked.fields
    )
    if heard_of(asked, entity, lambda: relations.expand_neighbors(asked.moment, request)):
        edges = edges_within(asked, limits)
        reached = ways.expansion(edges, entity, fan_out or 50)
        wanted = [way for way in reached if listed_name(way.ids[-1])[1].startswith(kind)]
        answer = relations.expand_neighbors(asked.moment, request)
        assert len(answer.entities) == len(wanted[: limit or None])
        for one, way in zip(answer.entities, wanted, strict=False):
            check_neighbor(one.neighbor, way.ids[-1], edges[way.ids[-2]][way.ids[-1]])
            assert (one.hops, one.via) == (way.hops, way.ids[1] if way.hops == 2 else "")
            assert round(one.strength * MICRO) == way.strength
        all_followed = len(edges.get(entity, {})) <= (fan_out or 50)
        assert answer.complete == (all_followed and len(answer.entities) == len(wanted))


def ask_path(asked: Asking) -> None:
    start, end = asked.chance.sample(SINGLE, 2)
    limits, hops, fan_out = bounds(asked), asked.chance.choice([0, 1, 2, 3]), asked.chance.choice([0, 1, 2])
    request = graph_pb2.FindPathRequest(
        from_id=start, to_id=end, hops_max=hops, fan_out=fan_out, **limits, **asked.fields
    )
    for one in (start, end):
        if not heard_of(asked, one, lambda: relations.path_between(asked.moment, request)):
            return
    edges = edges_within(asked, limits)
    expected = ways.path(edges, start, end, hops or 3, fan_out or 200)
    answer = relations.path_between(asked.moment, request)
    ids = (start, *(step.entity_id for step in answer.steps))
    assert ids == (expected.ids if expected else (start,))
    assert round(answer.strength * MICRO) == (expected.strength if expected else 0)
    for before, step in zip(ids, answer.steps, strict=False):
        check_neighbor(step, step.entity_id, edges[before][step.entity_id])
    every = ways.path(edges, start, end, hops or 3, 1_000)
    if answer.complete:
        assert every == expected


def ask_movers(asked: Asking) -> None:
    limit, by = asked.limit(), asked.chance.choice(["", "sentiment", "volume"])
    kind, sector = asked.chance.choice(["", "ORG"]), asked.chance.choice(["", "", "sector:energy"])
    least = asked.chance.choice([0, 1, 2])
    request = graph_pb2.ListMoversRequest(
        by=by, type=kind, sector=sector, min_articles=least, limit=limit, **asked.fields
    )
    found = relations.list_movers(asked.moment, request).movers
    scores = [asked.twin.score(one, asked.window) for one in asked.twin.ranked(asked.window)]
    scores = [score for score in scores if score.counts[0] >= (least or 1) and _wanted(score.entity, kind, sector)]
    before = {score.entity: asked.twin.score(score.entity, asked.window.back(1)) for score in scores}
    if by == "volume":
        expected = sorted((one for one in scores if one.volume is not None), key=lambda one: _order(one, one.volume))
    else:
        changes = {one.entity: _change(one, before[one.entity], least or 1) for one in scores}
        moved = [one for one in scores if changes[one.entity] is not None]
        expected = sorted(moved, key=lambda one: _order(one, abs(changes[one.entity] or 0.0)))
    assert [one.score.entity_id for one in found] == [one.entity for one in expected][: limit or None]
    for mover, score in zip(found, expected, strict=False):
        check_score(mover.score, score)
        then = before[score.entity]
        assert mover.articles_before == then.counts[0]
        change = _change(score, then, 0)
        assert (mover.sentiment_change if mover.HasField("sentiment_change") else None) == pytest.approx(change)


def _wanted(entity: str, kind: str, sector: str) -> bool:
    return listed_name(entity)[1].startswith(kind) and sector in {"", sector_of(entity)}


def _order(score: TwinScore, measure: float | None) -> tuple[float, int, str]:
    return (-round(measure or 0.0, 9), -score.counts[0], score.entity)


def _change(now: TwinScore, then: TwinScore, least: int) -> float | None:
    if now.sentiment is None or then.sentiment is None or then.counts[0] < least:
        return None
    return now.sentiment - then.sentiment


QUESTIONS = (ask_neighbors, ask_expansion, ask_path, ask_movers)
