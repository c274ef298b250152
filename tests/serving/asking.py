"""Random questions to a world, each answered by the server's handlers and by the brute-force twin."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from serving import handlers
from serving.graphs import Moment
from serving.handlers import UnknownEntityError
from tests.oracles.graph import SECTORS
from tests.oracles.strategies import BASE_MS, DAY_MS
from tests.oracles.twin import MINUTE_MS, SECTOR_IDS, Twin, TwinMention, TwinScore, TwinWindow, listed_name
from tests.serving.running import stamp
from tests.serving.worlds import ENTITIES, HOUR_MS, World
from udfs.records import MICRO, Entity, EntityType
from udfs.resolving import Resolution
from wiregraph.v1 import graph_pb2

ASKED = [*ENTITIES, *ENTITIES, *SECTOR_IDS.values(), "org:nobody", "sector:nothing"]
WINDOWS_MS = [5 * MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS]
LISTED = [("eq:A1", 0.95), ("eq:unheard", 0.7)]
"""What the gazetteer of these tests gives for the text `listed`."""


class Listing:
    """A gazetteer's linker."""

    def resolve(self, text: str, limit: int) -> tuple[Resolution, ...]:
        found = [Resolution(Entity(one, "Listed", EntityType.ORG), score) for one, score in LISTED]
        return tuple(found[:limit]) if text == "listed" else ()


@dataclass
class Asking:
    """One question's circumstances; `fields` are those that all requests share."""

    chance: random.Random
    moment: Moment
    window: TwinWindow
    twin: Twin
    fields: dict[str, Any] = field(default_factory=dict)

    def entity(self) -> str:
        return self.chance.choice(ASKED)

    def limit(self) -> int:
        return self.chance.choice([0, 0, 1, 2, 5])


def asking(world: World, moment: Moment, chance: random.Random) -> Asking:
    """A window and a known time, each given or not, at or beside the times of the articles."""
    minutes = chance.choice([*WINDOWS_MS, chance.randint(1, 6_000) * MINUTE_MS])
    fields: dict[str, Any] = {"window": Duration(seconds=minutes // 1_000)}
    latest = max(article.event_time for article in world.articles)
    end = latest // MINUTE_MS * MINUTE_MS + MINUTE_MS
    if chance.random() < 0.7:
        as_of = chance.choice([_time(world, chance), BASE_MS + chance.randrange(5 * DAY_MS)])
        fields["as_of"] = stamp(as_of)
        end = as_of // MINUTE_MS * MINUTE_MS
    known_at = None
    if chance.random() < 0.9:
        known_at = chance.choice([_known(world, chance), BASE_MS + chance.randrange(6 * DAY_MS)])
        fields["known_at"] = stamp(known_at)
    return Asking(chance, moment, TwinWindow(end, minutes), Twin(world.articles, known_at), fields)


def _time(world: World, chance: random.Random) -> int:
    return chance.choice(world.articles).event_time + chance.choice([0, 1, MINUTE_MS, HOUR_MS])


def _known(world: World, chance: random.Random) -> int:
    return chance.choice(world.articles).known_time + chance.choice([-1, 0, 1])


def check_score(found: graph_pb2.EntityScore, expected: TwinScore) -> None:
    name, kind, sector = _named(expected.entity)
    assert (found.entity_id, found.name, found.type, found.sector) == (expected.entity, name, kind, sector)
    assert found.as_of == stamp(expected.end)
    counts = (found.articles, found.mentions, found.positive, found.neutral, found.negative)
    assert counts == expected.counts
    assert tuple(found.model_versions) == expected.models
    for field_name, value in (
        ("sentiment", expected.sentiment),
        ("sentiment_stddev", expected.stddev),
        ("relevance", expected.relevance),
        ("volume_zscore", expected.volume),
        ("novelty", expected.novelty),
    ):
        got = getattr(found, field_name) if found.HasField(field_name) else None
        assert got == pytest.approx(value, abs=1e-6), field_name


def _named(entity: str) -> tuple[str, str, str]:
    if entity.startswith("sector:"):
        name = next(name for name, sector in SECTOR_IDS.items() if sector == entity)
        return name, "SECTOR", name
    return (*listed_name(entity), SECTORS.get(entity, ""))


def heard_of(asked: Asking, entity: str, call: Callable[[], object]) -> bool:
    """Whether the twin has heard of it; where it has not, the server must say so too."""
    if asked.twin.members(entity):
        return True
    with pytest.raises(UnknownEntityError):
        call()
    return False


def ask_entity(asked: Asking) -> None:
    entity = asked.entity()
    request = graph_pb2.GetEntityRequest(entity_id=entity, **asked.fields)
    if heard_of(asked, entity, lambda: handlers.get_entity(asked.moment, request)):
        check_score(handlers.get_entity(asked.moment, request), asked.twin.score(entity, asked.window))


def ask_batch(asked: Asking) -> None:
    ids = [asked.entity() for _ in range(asked.chance.randint(0, 6))]
    request = graph_pb2.BatchGetEntitiesRequest(entity_ids=ids, **asked.fields)
    found = handlers.batch_get_entities(asked.moment, request).entities
    expected = [one for one in ids if asked.twin.members(one)]
    assert [score.entity_id for score in found] == expected
    for score in found:
        check_score(score, asked.twin.score(score.entity_id, asked.window))


def ask_series(asked: Asking) -> None:
    entity, count = asked.entity(), asked.chance.randint(1, 12)
    window = TwinWindow(asked.window.end, min(asked.window.length, asked.window.end // count))
    window = TwinWindow(window.end, window.length // MINUTE_MS * MINUTE_MS)
    request = graph_pb2.GetSeriesRequest(entity_id=entity, step=Duration(seconds=window.length // 1_000))
    getattr(request, "from").CopyFrom(stamp(window.end - count * window.length))
    if "as_of" in asked.fields:
        request.to.CopyFrom(asked.fields["as_of"])
    if "known_at" in asked.fields:
        request.known_at.CopyFrom(asked.fields["known_at"])
    if heard_of(asked, entity, lambda: handlers.get_series(asked.moment, request)):
        points = handlers.get_series(asked.moment, request).points
        assert len(points) == count
        for back, point in enumerate(reversed(points)):
            check_score(point, asked.twin.score(entity, window.back(back)))


def ask_mentions(asked: Asking) -> None:
    entity = asked.chance.choice([*ENTITIES, "org:nobody"])
    request = graph_pb2.ListMentionsRequest(entity_id=entity, **asked.fields)
    if not heard_of(asked, entity, lambda: handlers.list_mentions(asked.moment, request)):
        return
    found: list[TwinMention] = []
    while True:
        request.limit = asked.limit()
        page = handlers.list_mentions(asked.moment, request)
        assert len(page.mentions) <= (request.limit or 1_000)
        found += map(_as_twin, page.mentions)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
        assert page.mentions
    assert found == asked.twin.mentions(entity, asked.window)


def _as_twin(one: graph_pb2.EntityMention) -> TwinMention:
    assert one.HasField("similarity") == one.HasField("days_since_similar") == bool(one.similar_to)
    assert one.negative + one.neutral + one.positive == pytest.approx(1)
    return TwinMention(
        (one.topic, one.article_id),
        (one.similar_24h, one.similar_3d, one.similar_7d),
        (one.volume_12h, one.volume_24h, one.volume_3d, one.volume_5d, one.volume_7d),
        one.similar_to,
        one.similarity_key,
        [(other.entity_id, round(other.weight * MICRO)) for other in one.related],
    )


def ask_details(asked: Asking) -> None:
    entity = asked.entity()
    request = graph_pb2.GetEntityRequest(entity_id=entity, details=True, **asked.fields)
    if not heard_of(asked, entity, lambda: handlers.get_entity(asked.moment, request)):
        return
    found, expected = handlers.get_entity(asked.moment, request).details, asked.twin.details(entity, asked.window)
    volumes = (found.volume_12h, found.volume_24h, found.volume_3d, found.volume_5d, found.volume_7d)
    assert volumes == expected.volume
    ranked_topics = sorted(expected.topics.items(), key=lambda one: (-one[1], one[0]))
    assert [(one.name, one.articles) for one in found.event_topics] == ranked_topics
    articles = expected.topics.total()
    assert [(one.name, one.articles) for one in found.sources] == ([("wire", articles)] if articles else [])
    edges = {} if entity.startswith("sector:") else asked.twin.edges(asked.window).get(entity, {})
    ranked = sorted(edges.items(), key=lambda one: (-one[1].weight, one[0]))
    assert [(one.entity_id, one.articles, round(one.weight * MICRO), one.kind) for one in found.related] == [
        (other, edge.articles, edge.weight, expected.kinds[other]) for other, edge in ranked
    ]


def ask_top(asked: Asking) -> None:
    limit = asked.limit()
    kind = asked.chance.choice(["", "", "ORG", "PER", "SECTOR"])
    sector = asked.chance.choice(["", "", *SECTOR_IDS.values()]) if kind != "SECTOR" else ""
    request = graph_pb2.ListTopRequest(type=kind, sector=sector, limit=limit, **asked.fields)
    found = handlers.list_top(asked.moment, request).entities
    ranked = asked.twin.ranked_sectors(asked.window) if kind == "SECTOR" else asked.twin.ranked(asked.window)
    wanted = [one for one in ranked if _named(one)[1].startswith(kind) and sector in {"", sector_of(one)}]
    assert [score.entity_id for score in found] == wanted[: limit or None]
    for score in found:
        check_score(score, asked.twin.score(score.entity_id, asked.window))


def sector_of(entity: str) -> str:
    return SECTOR_IDS.get(SECTORS.get(entity, ""), "")


def ask_resolve(asked: Asking) -> None:
    text = asked.chance.choice(["alpha", "Beta", "a", "alpha beta", "del", "listed", "eq:B2", "A1", "org:alpha-gamma"])
    limit = asked.chance.choice([1, 2, 10])
    fields = {name: value for name, value in asked.fields.items() if name != "window"}
    request = graph_pb2.ResolveEntitiesRequest(text=text, limit=limit, **fields)
    found = handlers.resolve_entities(asked.moment, request, Listing()).candidates
    listed = LISTED[:limit] if text == "listed" else []
    end = asked.window.end if "as_of" in asked.fields else 2**62
    expected = asked.twin.resolve(text, listed, end)[:limit]
    assert [(one.entity_id, one.articles) for one in found] == [(one, articles) for one, _, articles in expected]
    assert [one.score for one in found] == pytest.approx([score for _, score, _ in expected])


QUESTIONS = (ask_entity, ask_details, ask_batch, ask_series, ask_mentions, ask_top, ask_resolve)
