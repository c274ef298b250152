"""Whose sentiment or volume changed most against the window before. Pure but for the reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from serving.keyspace import Packed
from serving.queries import Question, Score, binned, first_event_ms, score
from serving.store import View
from serving.subjects import Subject
from serving.top import Filter, entity_sums, subjects
from serving.windows import Sums

DECIMALS = 9
"""What differs by less is equal, so that the last bit of a division ranks nobody."""


class By(StrEnum):
    """What movers are ranked by."""

    SENTIMENT = "sentiment"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Mover:
    """A score, and the sums of the window before."""

    score: Score
    before: Sums

    @property
    def sentiment_change(self) -> float | None:
        """-2..2; None where either window has no sentiment."""
        now, then = self.score.sums.sentiment, self.before.sentiment
        return None if now is None or then is None else now - then


@dataclass(frozen=True, slots=True)
class Ranking:
    """What movers are ranked by; fewer articles in a window that this looks at do not count."""

    by: By
    articles_min: int
    wanted: Filter


def movers(view: View, question: Question, ranking: Ranking, limit: int | None) -> list[Mover]:
    """By falling size of the change or falling z-score, then by falling articles, then id."""
    now = _enough(entity_sums(view, question), ranking.articles_min)
    chosen = list(subjects(view, sorted(now), ranking.wanted))
    if ranking.by is By.VOLUME:
        return _by_volume(view, chosen, question)[:limit]
    before = Question(question.window.before(1), question.known_at_ms)
    found = []
    for subject in chosen:
        (then,) = binned(view, subject.members, before, 1)
        change = _change(now[subject.node.entity], then) if then[0] >= ranking.articles_min else None
        if change is not None:
            found.append((-round(abs(change), DECIMALS), -now[subject.node.entity][0], subject, Sums(*then)))
    found.sort(key=lambda one: (one[0], one[1], one[2].node.entity))
    first_ms = first_event_ms(view, question, view.progress())
    return [Mover(score(view, subject, question, first_ms), then) for _, _, subject, then in found[:limit]]


def _by_volume(view: View, chosen: list[Subject], question: Question) -> list[Mover]:
    first_ms = first_event_ms(view, question, view.progress())
    before = Question(question.window.before(1), question.known_at_ms)
    found = [
        Mover(found, Sums(*binned(view, subject.members, before, 1)[0]))
        for subject in chosen
        if (found := score(view, subject, question, first_ms)).zscore is not None
    ]
    return sorted(found, key=_by_zscore)


def _by_zscore(mover: Mover) -> tuple[float, int, str]:
    return -round(mover.score.zscore or 0.0, DECIMALS), -mover.score.sums.articles, mover.score.node.entity


def _enough(sums: dict[str, Packed], articles_min: int) -> dict[str, Packed]:
    return {entity: packed for entity, packed in sums.items() if packed[0] >= articles_min}


def _change(now: Packed, then: Packed) -> float | None:
    after, before = Sums(*now).sentiment, Sums(*then).sentiment
    return None if after is None or before is None else after - before
