"""How central each entity is to its article: 0..1, 1 = what the article is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np

from udfs import tokens as tk
from udfs.runner import Runner

FEATURES = (
    "first_share",
    "first_log",
    "in_lead",
    "in_first_sentence",
    "position_rank",
    "mentions_log",
    "mentions_share",
    "mentions_relative",
    "count_rank",
    "spread",
    "quarters",
    "entities_log",
    "text_log",
    "has_headline",
    "has_body",
    "in_headline",
    "headline_share",
    "begins_sentence",
    "behind_preposition",
    "prepositions_share",
    "possessive_share",
    "capital_share",
    "words_log",
)
"""What the relevance model sees of an entity, in this order; each within about 0..2."""

LEAD_CHARACTERS = 300

_SENTENCE_END = re.compile(r"[.!?][\"'\u201d\u2019)]*\s|\n")
_OPENING = re.compile(r"(?:^|[.!?\n\-:|]\s*)[\"'\u201c\u2018(\[]*(?:the\s+)?$", re.IGNORECASE)
_LAST_WORD = re.compile(r"(\w+)\s+(?:the\s+|a\s+|an\s+)?[\"'\u201c\u2018(\[]*$", re.IGNORECASE)
_PREPOSITIONS = frozenset(
    {"in", "at", "of", "from", "by", "with", "for", "to", "on", "over", "against", "near", "between", "among"}
    | {"via", "per", "after", "before", "about", "into", "under"}
)
_POSSESSIVES = frozenset({"'s", "\u2019s"})
_LOOK_BACK = 24

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Document:
    """What is the same for all entities of an article."""

    text: str
    headline: str
    headline_leads: bool
    first_sentence_end: int
    firsts: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def headline_end(self) -> int:
        """Where the headline ends in the text; 0 if it is not a part of it."""
        return len(self.headline) if self.headline_leads else 0


class RelevanceScorer:
    """Scores entities with a small model over `FEATURES`.

    The model maps `features`, float32 (entities, features), to relevance, float32 (entities,), 0..1.
    """

    def __init__(self, model: Runner) -> None:
        """Use a model."""
        self._model = model

    def score(self, headline: str, text: str, entities: Sequence[Spans]) -> tuple[float, ...]:
        """Return each entity's relevance, 0..1, in the order given.

        `entities` are the spans [start, end) in code points of `text` of each entity's mentions, at
        least one each, in any order. `headline` is empty for a post; it may be the beginning of `text`, or
        stand beside it. Raises `ValueError` for an entity without a mention.
        """
        if not entities:
            return ()
        found = self._model({"features": features(headline, text, entities)})
        return tuple(np.clip(found, 0.0, 1.0).astype(float).tolist())


def features(headline: str, text: str, entities: Sequence[Spans]) -> tk.FloatArray:
    """Return `FEATURES` of each entity, float32 (entities, features); see `RelevanceScorer.score`."""
    if not all(entities):
        message = "each entity needs at least one mention"
        raise ValueError(message)
    document = _document(headline, text, entities)
    rows = [_row(document, index, sorted(spans)) for index, spans in enumerate(entities)]
    return np.array(rows, dtype=np.float32)


def _document(headline: str, text: str, entities: Sequence[Spans]) -> _Document:
    """Gather what all entities share."""
    leads = bool(headline) and text.startswith(headline)
    after_headline = len(headline) if leads and len(text) > len(headline) else 0
    sentence_end = _SENTENCE_END.search(text, after_headline + 2)
    return _Document(
        text,
        headline,
        leads,
        sentence_end.start() if sentence_end else len(text),
        tuple(min(start for start, _ in spans) for spans in entities),
        tuple(len(spans) for spans in entities),
    )


def _row(document: _Document, index: int, spans: Spans) -> tuple[float, ...]:
    """Return one entity's features in the order of `FEATURES`."""
    return (*_position(document, index), *_frequency(document, index, spans), *_frame(document, spans),
            *_context(document, spans))  # fmt: skip


def _position(document: _Document, index: int) -> tuple[float, ...]:
    """Return where the entity is first named, from `first_share` to `position_rank`."""
    first = document.firsts[index]
    body_first = max(0, first - document.headline_end)
    rank = sum(other < first for other in document.firsts)
    return (
        first / max(1, len(document.text)),
        log1p(first) / 8,
        float(body_first < LEAD_CHARACTERS),
        float(first <= document.first_sentence_end),
        1 / (1 + rank),
    )


def _frequency(document: _Document, index: int, spans: Spans) -> tuple[float, ...]:
    """Return how often and how widely it is named, from `mentions_log` to `quarters`."""
    count = document.counts[index]
    length = max(1, len(document.text))
    return (
        log1p(count) / 2,
        count / sum(document.counts),
        count / max(document.counts),
        1 / (1 + sum(other > count for other in document.counts)),
        (spans[-1][0] - spans[0][0]) / length,
        len({4 * start // length for start, _ in spans}) / 4,
    )


def _frame(document: _Document, spans: Spans) -> tuple[float, ...]:
    """Return what the article is like and whether the headline names the entity, to `headline_share`."""
    place = _headline_place(document, spans)
    return (
        log1p(len(document.counts)) / 3,
        log1p(len(document.text)) / 8,
        float(bool(document.headline)),
        float(not document.headline_leads or len(document.text) > len(document.headline)),
        float(place >= 0),
        place / len(document.headline) if place >= 0 else 1.0,
    )


def _headline_place(document: _Document, spans: Spans) -> int:
    """Return where the headline names the entity, -1 if it does not."""
    if document.headline_leads:
        start, end = spans[0]
        return start if end <= len(document.headline) else -1
    headline = document.headline.casefold()
    return max((headline.find(document.text[start:end].casefold()) for start, end in spans), default=-1)


def _context(document: _Document, spans: Spans) -> tuple[float, ...]:
    """Return how the mentions stand in their sentences, from `begins_sentence` to `words_log`."""
    text = document.text
    before = [text[max(0, start - _LOOK_BACK) : start] for start, _ in spans]
    prepositions = [_behind_preposition(left) for left in before]
    surfaces = [text[start:end] for start, end in spans]
    count = len(spans)
    return (
        float(spans[0][0] == 0 or bool(_OPENING.search(before[0]))),
        float(prepositions[0]),
        sum(prepositions) / count,
        sum(text[end : end + 2] in _POSSESSIVES for _, end in spans) / count,
        sum(surface[:1].isupper() for surface in surfaces) / count,
        log1p(sum(surface.count(" ") for surface in surfaces) / count),
    )


def _behind_preposition(left: str) -> bool:
    """Return whether the word before a mention is a preposition, articles aside."""
    word = _LAST_WORD.search(left)
    return word is not None and word.group(1).casefold() in _PREPOSITIONS
