"""Reading one article: mentions, entities, sentiment and relevance become facts and edge terms.

    text -> mentions -> linked entities -> sentiment of each mention, topic -> relevance of each entity -> signature

This is the only place that knows the order of the stages. It is pure: the same article and the same
models give the same reading, whatever was read before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from udfs.edges import ArticleEdges, EdgeEnd, edge_terms
from udfs.records import MICRO, Article, Fact, LinkedEntity, Mention, Sentiment
from udfs.similarity import signature
from udfs.text_scores import TextScores


class FindsMentions(Protocol):
    """Named entity recognition."""

    def find(self, text: str) -> tuple[Mention, ...]:
        """Mentions in order of position, never overlapping."""


class LinksEntities(Protocol):
    """Entity linking."""

    def link(self, text: str, mentions: Sequence[Mention]) -> tuple[LinkedEntity, ...]:
        """Entities in order of their first mention, each id once."""


class ScoresText(Protocol):
    """Targeted sentiment, and the topic of the whole."""

    def score(self, text: str, spans: Sequence[tuple[int, int]]) -> TextScores:
        """One sentiment a span, in the order given."""


class ScoresRelevance(Protocol):
    """Relevance of entities to their text."""

    def score(self, headline: str, text: str, entities: Sequence[Sequence[tuple[int, int]]]) -> tuple[float, ...]:
        """One answer 0..1 an entity, in the order given."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an article says: one fact an entity (none: the article is empty) and its edges.

    `event_topic` is one of `udfs.news_topics`, `signature` is that of `udfs.similarity`; both are empty without facts.
    """

    facts: tuple[Fact, ...]
    edges: ArticleEdges
    event_topic: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """The stages of a reading; `versions` names the models, as every fact must."""

    mentions: FindsMentions
    linker: LinksEntities
    text: ScoresText
    relevance: ScoresRelevance
    versions: str

    def read(self, article: Article) -> Reading:
        """The facts of an article in order of first mention, and the edges among them."""
        text = article.text
        linked = self.linker.link(text, self.mentions.find(text))
        if not linked:
            return Reading((), ArticleEdges((), 0))
        spans = [[(mention.start, mention.end) for mention in one.mentions] for one in linked]
        scores = self.text.score(text, [span for group in spans for span in group])
        sentiments = iter(scores.sentiments)
        relevances = self.relevance.score(article.headline, text, spans)
        facts = tuple(
            self._fact(article, one, [next(sentiments) for _ in one.mentions], relevance)
            for one, relevance in zip(linked, relevances, strict=True)
        )
        return Reading(facts, edge_terms(map(EdgeEnd.of_fact, facts)), scores.event_topic, signature(text))

    def _fact(self, article: Article, linked: LinkedEntity, scores: Sequence[Sentiment], relevance: float) -> Fact:
        mean = mean_sentiment(scores)
        return Fact(
            entity=linked.entity,
            topic=article.topic,
            article_id=article.article_id,
            event_time_ms=article.event_time_ms,
            known_time_ms=article.known_time_ms,
            known_assumed=article.known_assumed,
            mentions=len(linked.mentions),
            first_position=linked.mentions[0].start,
            sentiment_micro=round(mean.score * MICRO),
            relevance_micro=round(min(max(relevance, 0.0), 1.0) * MICRO),
            polarity=polarity(mean),
            negative_micro=round(mean.negative * MICRO),
            positive_micro=round(mean.positive * MICRO),
            model_versions=self.versions,
        )


def mean_sentiment(scores: Sequence[Sentiment]) -> Sentiment:
    """The mean of each class's probability over an entity's mentions (at least one)."""
    return Sentiment(
        negative=fmean(score.negative for score in scores),
        neutral=fmean(score.neutral for score in scores),
        positive=fmean(score.positive for score in scores),
    )


def polarity(score: Sentiment) -> int:
    """The likeliest class as -1, 0 or 1; a tie with neutral is neutral, one of both signs too."""
    if score.positive > max(score.neutral, score.negative):
        return 1
    return -1 if score.negative > max(score.neutral, score.positive) else 0
