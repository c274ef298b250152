"""Builds the messages that answer a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from serving.details import Details, Related
from serving.keyspace import FactKey
from serving.neighbors import Neighbor
from serving.novelty import Before
from serving.progress import Progress
from serving.queries import Score
from serving.stories import DAY_MS
from serving.versions import version_text
from udfs.changelog import FactRow
from udfs.records import MICRO
from wiregraph.v1 import graph_pb2


class Answer(Protocol):
    """Every answer says how complete it is and when the store was last written."""

    watermark: Timestamp
    applied_at: Timestamp


class VersionedAnswer(Answer, Protocol):
    """Every answer of the Graph service says which version of the store gave it."""

    version: str


AnswerT = TypeVar("AnswerT", bound=Answer)
VersionedT = TypeVar("VersionedT", bound=VersionedAnswer)
_SIMILAR = ("similar_24h", "similar_3d", "similar_7d")
"""Of `serving.novelty.SIMILAR_WITHIN_MS`."""
_VOLUMES = ("volume_12h", "volume_24h", "volume_3d", "volume_5d", "volume_7d")
"""Of `serving.novelty.VOLUME_WITHIN_MS`."""
_SEPARATORS = re.compile(r"[\s,;]+")


def versioned(answer: VersionedT, progress: Progress) -> VersionedT:
    """The whole answer of a call: with watermark, applied_at and the store's version."""
    answer.version = version_text(progress)
    return stamped(answer, progress)


def stamped(answer: AnswerT, progress: Progress) -> AnswerT:
    """The answer, or a part of one, with watermark and applied_at."""
    if progress.watermark_ms is not None and progress.watermark_ms >= 0:
        answer.watermark.CopyFrom(timestamp(progress.watermark_ms))
    answer.applied_at.CopyFrom(timestamp(progress.applied_at_ms))
    return answer


def timestamp(time_ms: int) -> Timestamp:
    """Of epoch milliseconds."""
    return Timestamp(seconds=time_ms // 1_000, nanos=time_ms % 1_000 * 1_000_000)


def duration(length_ms: int) -> Duration:
    """Of milliseconds."""
    return Duration(seconds=length_ms // 1_000, nanos=length_ms % 1_000 * 1_000_000)


def entity_score(score: Score, progress: Progress) -> graph_pb2.EntityScore:
    """The score of an entity."""
    answer = bare_score(score)
    answer.as_of.CopyFrom(timestamp(score.window.end_ms))
    return stamped(answer, progress)


def bare_score(score: Score) -> graph_pb2.EntityScore:
    """The score of an entity without its moment: as_of, watermark and applied_at."""
    node, sums = score.node, score.sums
    return graph_pb2.EntityScore(
        entity_id=node.entity,
        name=node.name,
        type=node.type,
        sector=node.sector,
        window=duration(score.window.length_ms),
        mentions=sums.mentions,
        articles=sums.articles,
        sentiment=sums.sentiment,
        sentiment_stddev=sums.sentiment_stddev,
        positive=sums.positive,
        neutral=sums.neutral,
        negative=sums.negative,
        relevance=sums.relevance,
        volume_zscore=score.zscore,
        novelty=score.novelty,
        model_versions=versions(score.models),
    )


def content(score: graph_pb2.EntityScore) -> bytes:
    """A score without its moment, serialized."""
    bare = graph_pb2.EntityScore()
    bare.CopyFrom(score)
    for field in ("as_of", "watermark", "applied_at", "version"):
        bare.ClearField(field)
    return bare.SerializeToString()


def versions(models: str) -> list[str]:
    """A fact's model versions, one each."""
    return [version for version in _SEPARATORS.split(models) if version]


def details(found: Details) -> graph_pb2.Details:
    """What a score is made of."""
    return graph_pb2.Details(
        **dict(zip(_VOLUMES, found.volume, strict=True)),
        sources=_shares(found.sources),
        event_topics=_shares(found.event_topics),
        related=map(related, found.related),
    )


def _shares(counts: Mapping[str, int]) -> list[graph_pb2.Share]:
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [graph_pb2.Share(name=name, articles=articles) for name, articles in ranked]


def related(found: Related) -> graph_pb2.RelatedEntity:
    """An entity that stands in the same articles."""
    return graph_pb2.RelatedEntity(
        entity_id=found.node.entity,
        name=found.node.name,
        type=found.node.type,
        kind=found.kind,
        articles=found.articles,
        weight=found.weight / MICRO,
    )


def neighbor(found: Neighbor) -> graph_pb2.Neighbor:
    """An entity that stands in articles with another."""
    return graph_pb2.Neighbor(
        entity_id=found.node.entity,
        name=found.node.name,
        type=found.node.type,
        articles=found.articles,
        weight=found.weight_units,
        sentiment=found.sentiment,
    )


def mention(fact: FactRow, before: Before, others: Iterable[Related]) -> graph_pb2.EntityMention:
    """One entity in one article."""
    answer = graph_pb2.EntityMention(
        entity_id=fact.entity,
        topic=fact.topic,
        article_id=fact.article,
        headline=fact.headline,
        event_time=timestamp(fact.event_time),
        known_time=timestamp(fact.known_time),
        known_assumed=fact.known_assumed,
        mentions=fact.mentions,
        first_position=fact.first_position,
        sentiment=fact.sentiment / MICRO,
        relevance=fact.relevance / MICRO,
        model_versions=versions(fact.models),
        source=fact.source,
        url=fact.url,
        polarity=fact.polarity,
        event_topic=fact.event_topic,
        similarity_key=_article(before.first),
        related=map(related, others),
    )
    for names, counts in ((_SIMILAR, before.similar), (_VOLUMES, before.volume)):
        for name, count in zip(names, counts, strict=True):
            setattr(answer, name, count)
    if before.nearest is not None:
        answer.similar_to = _article(before.nearest.key)
        answer.similarity = before.nearest.similarity
        answer.days_since_similar = before.nearest.before_ms / DAY_MS
    if fact.event_topic:  # An earlier release wrote neither.
        answer.negative, answer.positive = fact.negative / MICRO, fact.positive / MICRO
        answer.neutral = (MICRO - fact.negative - fact.positive) / MICRO
    return answer


def _article(key: FactKey) -> str:
    return f"{key.topic}/{key.article}"
