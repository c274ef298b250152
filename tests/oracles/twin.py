"""The brute-force twin of the served graph: it holds nothing but the facts known by a moment, and adds them up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tests.oracles.graph import SECTORS, Article, Said, joined, name_of, totals, type_of, zscore
from udfs.records import MICRO
from udfs.similarity import DIFFERENT_MAX, signature, signature_bytes

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
HISTORY = 30
SECTOR_IDS = {"Energy": "sector:energy", "Health Care": "sector:health-care"}


@dataclass(frozen=True)
class TwinWindow:
    """[end - length, end), in ms."""

    end: int
    length: int

    @property
    def start(self) -> int:
        return self.end - self.length

    def back(self, windows: int) -> TwinWindow:
        return TwinWindow(self.end - windows * self.length, self.length)


@dataclass(frozen=True)
class TwinScore:
    """All that an answer says of a window; floats to be compared approximately."""

    entity: str
    end: int
    counts: tuple[int, ...]  # articles, mentions, positive, neutral, negative
    sentiment: float | None
    stddev: float | None
    relevance: float | None
    volume: float | None
    models: tuple[str, ...]
    novelty: float | None


@dataclass(frozen=True)
class TwinEdge:
    """What joins two entities, in micro-units."""

    articles: int
    weight: int
    weighted: int


@dataclass(frozen=True)
class TwinMention:
    """A fact and what came before it; `related` by falling weight, in micro-units."""

    article: tuple[str, str]
    similar: tuple[int, ...]
    volume: tuple[int, ...]
    nearest: str
    first: str
    related: list[tuple[str, int]]


@dataclass(frozen=True)
class TwinDetails:
    """The volumes of 12 h to 7 d, the window's articles by topic, and the kinds of relationships."""

    volume: tuple[int, ...]
    topics: Counter[str]
    kinds: dict[str, str]


class Twin:
    """A graph that never heard of what became known after `known_at`."""

    def __init__(self, articles: Iterable[Article], known_at: int | None) -> None:
        self.articles = [one for one in articles if known_at is None or one.known_time <= known_at]
        self.entities = {said.entity for article in self.articles for said in article.said}

    def members(self, subject: str) -> list[str]:
        """The known entities that count for a subject; none if nobody has heard of it."""
        named = {one for one in self.entities if one == subject or SECTOR_IDS.get(SECTORS.get(one, "")) == subject}
        return sorted(named)

    def facts(self, subject: str, start: int, end: int) -> list[tuple[Article, Said]]:
        members = self.members(subject)
        inside = (article for article in self.articles if start <= article.event_time < end)
        return [(article, said) for article in inside for said in article.said if said.entity in members]

    def count(self, subject: str, end: float = math.inf) -> int:
        return sum(1 for article, _ in self.facts(subject, 0, 2**63) if article.event_time < end)

    def score(self, subject: str, window: TwinWindow) -> TwinScore:
        facts = self.facts(subject, window.start, window.end)
        articles, mentions, weight, weighted, square, *polarity = totals([said for _, said in facts])
        mean = weighted / weight if weight else None
        spread = None if mean is None else math.sqrt(max(0.0, square / weight - mean * mean))
        newest = min(facts, key=lambda fact: (-fact[0].event_time, fact[0].topic, fact[0].article_id), default=None)
        return TwinScore(
            subject,
            window.end,
            (articles, mentions, *polarity),
            mean,
            spread,
            weight / articles / MICRO if articles else None,
            zscore(self.history(subject, window), articles),
            tuple(newest[0].models.split()) if newest else (),
            sum(not self.similar(*fact, within=DAY_MS) for fact in facts) / articles if facts else None,
        )

    def similar(self, article: Article, said: Said, within: int) -> list[Article]:
        """Earlier articles that name the entity, at most so much older, and tell the same, earliest first."""
        own = _order(article)
        others = sorted((one for one, _ in self.facts(said.entity, 0, 2**63) if _order(one) < own), key=_order)
        young = [one for one in others if one.event_time >= article.event_time - within]
        return [one for one in young if are_similar(signature(one.text), signature(article.text))]

    def history(self, subject: str, window: TwinWindow) -> list[int]:
        first = min((article.event_time for article in self.articles), default=math.inf) // MINUTE_MS * MINUTE_MS
        before = [window.back(back) for back in range(1, HISTORY + 1)]
        return [len(self.facts(subject, one.start, one.end)) for one in before if one.start >= first]

    def ranked(self, window: TwinWindow) -> list[str]:
        """Entities with articles, by falling articles, then weight, then id."""
        sums = {one: totals([said for _, said in self.facts(one, window.start, window.end)]) for one in self.entities}
        return sorted((one for one in sums if sums[one][0]), key=lambda one: (-sums[one][0], -sums[one][2], one))

    def ranked_sectors(self, window: TwinWindow) -> list[str]:
        sums = {
            one: totals([said for _, said in self.facts(one, window.start, window.end)]) for one in SECTOR_IDS.values()
        }
        return sorted((one for one in sums if sums[one][0]), key=lambda one: (-sums[one][0], -sums[one][2], one))

    def edges(self, window: TwinWindow) -> dict[str, dict[str, TwinEdge]]:
        """Who is joined with whom, from both ends."""
        found: dict[str, dict[str, TwinEdge]] = {}
        for article in self.articles:
            if window.start <= article.event_time < window.end:
                for (a, b), (weight, weighted) in joined(article).items():
                    for one, other in ((a, b), (b, a)):
                        old = found.setdefault(one, {}).get(other, TwinEdge(0, 0, 0))
                        new = TwinEdge(old.articles + 1, old.weight + weight, old.weighted + weighted)
                        found[one][other] = new
        return found

    def mentions(self, entity: str, window: TwinWindow) -> list[TwinMention]:
        """Newest first."""
        facts = self.facts(entity, window.start, window.end)
        order = sorted(facts, key=lambda fact: (-fact[0].event_time, fact[0].topic, fact[0].article_id))
        return [self._mention(article, said) for article, said in order]

    def _mention(self, article: Article, said: Said) -> TwinMention:
        similar = [self.similar(article, said, days * DAY_MS) for days in (1, 3, 7)]
        all_before = self.facts(said.entity, 0, 2**63)
        ages = [article.event_time - one.event_time for one, _ in all_before if _order(one) < _order(article)]
        first, last = article, similar[2][-1] if similar[2] else None
        while steps := self.similar(first, said, first.event_time - article.event_time + 7 * DAY_MS):
            first = steps[-1]
        pairs = joined(article)
        others = {b if a == said.entity else a: one[0] for (a, b), one in pairs.items() if said.entity in {a, b}}
        return TwinMention(
            (article.topic, article.article_id),
            tuple(map(len, similar)),
            tuple(sum(age <= hours * HOUR_MS for age in ages) for hours in (12, 24, 72, 120, 168)),
            "" if last is None else f"{last.topic}/{last.article_id}",
            f"{first.topic}/{first.article_id}",
            sorted(others.items(), key=lambda one: (-one[1], one[0])),
        )

    def details(self, subject: str, window: TwinWindow) -> TwinDetails:
        """What stands behind a score."""
        volumes = (self.facts(subject, window.end - hours * HOUR_MS, window.end) for hours in (12, 24, 72, 120, 168))
        facts = self.facts(subject, window.start, window.end)
        topics = Counter(article.event_topic for article, _ in facts)
        weights: dict[str, Counter[str]] = {}
        for article, _ in facts if subject in self.entities else ():
            for pair, (weight, _) in joined(article).items():
                for other in {*pair} - {subject} if subject in pair else ():
                    weights.setdefault(other, Counter())[article.event_topic] += weight
        kinds = {other: min(one, key=lambda topic: (-one[topic], topic)) for other, one in weights.items()}
        return TwinDetails(tuple(map(len, volumes)), topics, kinds)

    def resolve(self, text: str, listed: Sequence[tuple[str, float]], end: float) -> list[tuple[str, float, int]]:
        """Id, score and articles of each candidate; `listed` are those that a gazetteer gives."""
        scores = dict(listed)
        for entity in self.entities:
            score = 1.0 if entity == text.strip() else self._named(name_of(entity).casefold(), text)
            if score > 0:
                scores[entity] = max(score, scores.get(entity, 0.0))
        found = [(entity, score, self.count(entity, end)) for entity, score in scores.items()]
        return sorted(found, key=lambda one: (-one[1], -one[2], one[0]))

    @staticmethod
    def _named(name: str, text: str) -> float:
        asked = " ".join(text.casefold().split())
        if asked == name:
            return 1.0
        part = 0.9 * (0.5 + 0.5 * len(asked) / len(name))
        words = name.split()
        inner = any(" ".join(words[at:]).startswith(asked) for at in range(1, len(words)))
        return part if name.startswith(asked) else part * 0.9 if inner else 0.0


def _order(article: Article) -> tuple[int, str, str]:
    return article.event_time, article.topic, article.article_id


@lru_cache(maxsize=4_096)
def are_similar(one: str, other: str) -> bool:
    """Whether two signatures are of similar texts; an empty one is like nothing."""
    first, second = signature_bytes(one), signature_bytes(other)
    different = (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()
    return bool(first and second) and different <= DIFFERENT_MAX


def listed_name(entity: str) -> tuple[str, str]:
    return name_of(entity), type_of(entity)
