"""The brute-force twin of the graph store: what a job writes for articles, and scores from facts alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import orjson

from serving.apply import Record
from udfs.changelog import Grain, fact_key, product_micro
from udfs.records import MICRO
from udfs.similarity import signature

SECTORS = {"eq:A1": "Energy", "eq:B2": "Energy", "eq:C3": "Health Care"}


@dataclass(frozen=True)
class Said:
    """What an article says of an entity, in micro-units."""

    entity: str
    relevance: int
    sentiment: int
    polarity: int = 0
    mentions: int = 1


@dataclass(frozen=True)
class Article:
    article_id: str
    event_time: int
    known_time: int
    said: tuple[Said, ...]
    topic: str = "news"
    models: str = "ner=1 sentiment=1"
    text: str = ""
    event_topic: str = "Markets"


@dataclass(frozen=True)
class Upsert:
    key: str
    version: int
    fields: dict[str, object]

    def record(self, offset: int = 0, partition: int = 0) -> Record:
        value = orjson.dumps({**self.fields, "version": self.version})
        return Record(partition, offset, self.key.encode(), value)


def half_away(numerator: int, denominator: int) -> int:
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def changelog(articles: Iterable[Article]) -> list[Upsert]:
    """The rows that a job writes which reads the articles in this order."""
    sums: dict[str, dict[str, int]] = {}
    rows: list[Upsert] = []

    def grow(key: str, fixed: dict[str, object], terms: dict[str, int]) -> None:
        total = sums.setdefault(key, dict.fromkeys([*terms, "version"], 0))
        for name, term in {**terms, "version": 1}.items():
            total[name] += term
        fields = {name: value for name, value in total.items() if name != "version"}
        rows.append(Upsert(key, total["version"], {**fixed, **fields}))

    counts: dict[str, int] = {}
    latest: dict[str, int] = {}
    for article in articles:
        for said in article.said:
            rows.append(node_row(said.entity))
            rows.append(fact_row(article, said))
            for grain in Grain:
                start = article.event_time - article.event_time % grain.length_ms
                key = f"bucket/{said.entity}/{grain}/{start}"
                grow(key, {"entity": said.entity, "grain": grain, "start": start}, bucket_terms(said))
        for (a, b), (weight, weighted) in joined(article).items():
            for grain in Grain:
                start = article.event_time - article.event_time % grain.length_ms
                fixed: dict[str, object] = {"a": a, "b": b, "grain": grain, "start": start}
                grow(f"edge/{a}/{b}/{grain}/{start}", fixed, {"weight": weight, "weighted": weighted})
        counts[article.topic] = counts.get(article.topic, 0) + 1
        latest[article.topic] = max(latest.get(article.topic, 0), article.event_time)
        rows.append(_count_row(article.topic, counts[article.topic], latest[article.topic]))
    return rows


def node_row(entity: str) -> Upsert:
    fields: dict[str, object] = {
        "entity": entity,
        "name": name_of(entity),
        "type": type_of(entity),
        "sector": SECTORS.get(entity, ""),
    }
    return Upsert(f"node/{entity}", 1, fields)


def name_of(entity: str) -> str:
    return entity.partition(":")[2].replace("-", " ").title()


def type_of(entity: str) -> str:
    return {"per": "PER", "loc": "LOC"}.get(entity.partition(":")[0], "ORG")


def fact_row(article: Article, said: Said) -> Upsert:
    fields = asdict(said) | {
        "topic": article.topic,
        "article": article.article_id,
        "event_time": article.event_time,
        "known_time": article.known_time,
        "known_assumed": False,
        "first_position": 0,
        "models": article.models,
        "negative": 100_000,
        "positive": 300_000,
        "event_topic": article.event_topic,
        "signature": signature(article.text),
        "headline": f"About {said.entity}",
        "source": "wire",
        "url": "",
    }
    return Upsert(fact_key(said.entity, article.topic, article.article_id), 1, fields)


def _count_row(topic: str, articles: int, latest: int) -> Upsert:
    names = ("empty", "duplicates", "dead_letters", "edges_cut", "known_assumed", "late")
    fields: dict[str, object] = dict.fromkeys(names, 0)
    fields |= {"topic": topic, "partition": 0, "articles": articles, "latest_event": latest}
    return Upsert(f"count/{topic}/0", articles, fields)


def bucket_terms(said: Said) -> dict[str, int]:
    r, s = said.relevance, said.sentiment
    return {
        "mentions": said.mentions,
        "weight": r,
        "weighted": product_micro(r, s),
        "weighted_square": product_micro(r, s, s),
        "positive": int(said.polarity > 0),
        "neutral": int(said.polarity == 0),
        "negative": int(said.polarity < 0),
    }


def joined(article: Article) -> dict[tuple[str, str], tuple[int, int]]:
    """Weight and weighted of each pair of the 20 most relevant entities."""
    chosen = sorted(article.said, key=lambda said: (-said.relevance, said.entity))[:20]
    pairs = {}
    for one in chosen:
        for other in chosen:
            if one.entity < other.entity:
                exact = one.relevance * other.relevance
                weighted = half_away(exact * (one.sentiment + other.sentiment), 2 * MICRO * MICRO)
                pairs[one.entity, other.entity] = (half_away(exact, MICRO), weighted)
    return pairs


def facts_of(articles: Iterable[Article], entity: str, start: int, end: int) -> list[Said]:
    """What the articles of [start, end) say of an entity."""
    inside = (article for article in articles if start <= article.event_time < end)
    return [said for article in inside for said in article.said if said.entity == entity]


def totals(facts: Sequence[Said]) -> tuple[int, ...]:
    """Articles, mentions, weight, weighted, weighted_square, positive, neutral, negative."""
    terms = [bucket_terms(said) for said in facts]
    names = ("mentions", "weight", "weighted", "weighted_square", "positive", "neutral", "negative")
    return (len(facts), *(sum(term[name] for term in terms) for name in names))


def zscore(counts: Sequence[int], articles: int) -> float | None:
    """Against the population of counts; None below 5 of them or without spread."""
    if len(counts) < 5:
        return None
    mean = math.fsum(counts) / len(counts)
    spread = math.sqrt(math.fsum((count - mean) ** 2 for count in counts) / len(counts))
    return (articles - mean) / spread if spread else None
