"""What the relevance model sees of an entity: where, how often and how its article names it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from math import log, log1p, sqrt

import numpy as np

from udfs import tokens as tk
from udfs.relevance_document import Document, Spans, plain_words, stem_of

LEAD_CHARACTERS = 300
CONTEXTS_MAX = 24
"""Of so many mentions of an entity, the first ones, the words around are looked at."""

_LOOK_AROUND = 25
_LETTERS_MIN = 3
UNKNOWN = 30_500
"""The number of a word that no vocabulary has."""
_OPENING = re.compile(r"(?:^|[.!?\n\-:|]\s*)[\"'\u201c\u2018(\[]*(?:the\s+)?$", re.IGNORECASE)
_LAST_WORD = re.compile(r"(\w+)\s+(?:the\s+|a\s+|an\s+)?[\"'\u201c\u2018(\[]*$", re.IGNORECASE)
_PREPOSITIONS = frozenset(
    {"in", "at", "of", "from", "by", "with", "for", "to", "on", "over", "against", "near", "between", "among"}
    | {"via", "per", "after", "before", "about", "into", "under"}
)
_POSSESSIVES = frozenset({"'s", "\u2019s"})
_VERB = re.compile(r"\s+(?:ha[sd]|have|is|are|was|were|will|said|would|could|may|can|did|also|\w+ed|\w+s)\b")
_LISTED_BEHIND = re.compile(r"\s*(?:,|and\b)")
_LISTED_BEFORE = re.compile(r"(?:,|\band)\s+(?:the\s+)?$")
_CAPITAL_BEHIND = re.compile(r"\s[A-Z]")
_CAPITAL_BEFORE = re.compile(r"[A-Z]\w*\.?\s$")
_THE_BEFORE = re.compile(r"\bthe\s$", re.IGNORECASE)
_DIGIT = re.compile(r"\d")

PLACES = (
    "first_share", "first_log", "in_lead", "in_first_sentence", "position_rank", "sentence_share", "sentence_log",
    "paragraph_share", "in_first_paragraph", "in_two_sentences", "mean_share", "last_share", "lead_share",
)  # fmt: skip
COUNTS = (
    "mentions_log", "mentions_share", "mentions_relative", "count_rank", "spread", "quarters", "sentences_share",
    "paragraphs_share", "sentences_log", "first_paragraph_mentions", "first_sentence_mentions", "second_gap",
)  # fmt: skip
FRAME = (
    "entities_log", "text_log", "has_headline", "has_body", "in_headline", "headline_share", "headline_words_share",
    "headline_word",
)  # fmt: skip
WORDS = (
    "word_relative", "word_log", "words_sum_log", "surfaces_log", "characters", "words_log", "has_digit", "in_capitals",
    "capital_share", "rareness_mean", "rareness_most", "rareness_least", "unknown_share",
)  # fmt: skip
CONTEXT = (
    "begins_sentence", "behind_preposition", "prepositions_share", "possessive_share", "before_verb_share",
    "listed_share", "bracketed_share", "quoted_share", "before_capital_share", "behind_capital_share",
    "behind_the_share",
)  # fmt: skip
ORDER = (
    "first_order", "count_order", "sentences_order", "word_order", "count_to_mean", "sentences_to_most",
    "first_deviation", "count_deviation",
)  # fmt: skip
FEATURES = (*PLACES, *COUNTS, *FRAME, *WORDS, *CONTEXT, *ORDER)
"""What the relevance model sees of an entity, in this order; each within about -2..2."""
_PLACE_OF = {name: place for place, name in enumerate(FEATURES)}


class Featurizer:
    """Works out `FEATURES`; `vocabulary` numbers words from common to rare, as a tokenizer's does."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """Use a vocabulary."""
        self._vocabulary = vocabulary

    def features(self, headline: str, text: str, entities: Sequence[Spans]) -> tk.FloatArray:
        """Return `FEATURES` of each entity, float32 (entities, features).

        `entities`, at least one, are the spans [start, end) in code points of `text`, in any order. `headline` may
        be empty, the beginning of `text`, or stand beside it. Raises `ValueError` for an entity without a mention.
        """
        if not all(entities):
            message = "each entity needs at least one mention"
            raise ValueError(message)
        document = Document(text, headline, [_merged(spans) for spans in entities])
        rows = [self._row(document, index) for index in range(len(entities))]
        whole = [(*row, *order) for row, order in zip(rows, _order(document, rows), strict=True)]
        return np.array(whole, dtype=np.float32)

    def _row(self, document: Document, index: int) -> tuple[float, ...]:
        """Return what an entity has of `FEATURES` without the others, all but `ORDER`."""
        spans = document.entities[index]
        surfaces = [document.text[start:end] for start, end in spans[:CONTEXTS_MAX]]
        words = [word for surface in surfaces for word in plain_words(surface)]
        stemmed = frozenset(stem for stem in map(stem_of, words) if len(stem) >= _LETTERS_MIN)
        return (*_places(document, index), *_counts(document, index), *_frame(document, spans, stemmed),
                *_words(document, surfaces, stemmed), *self._rareness(words),
                *_context(document, spans[:CONTEXTS_MAX]))  # fmt: skip

    def _rareness(self, words: Sequence[str]) -> tuple[float, ...]:
        """Return how rare the entity's words are in general, the last four of `WORDS`."""
        numbers = [self._vocabulary.get(word, UNKNOWN) for word in words] or [UNKNOWN]
        rareness = [log(max(1, number)) / 2 for number in numbers]
        unknown = sum(number == UNKNOWN for number in numbers) / len(numbers)
        return (sum(rareness) / len(rareness), max(rareness), min(rareness), unknown)


def _merged(spans: Spans) -> Spans:
    """Return the spans in order; those that overlap are one mention."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def _places(document: Document, index: int) -> Iterator[float]:
    """Yield where the entity is named, in the order of `PLACES`."""
    spans, length = document.entities[index], max(1, len(document.text))
    first = document.firsts[index]
    body_first = max(0, first - document.body_start)
    sentence = max(0, bisect_right(document.sentences, first) - 1)
    paragraph = max(0, bisect_right(document.paragraphs, first) - 1)
    yield first / length
    yield log1p(first) / 8
    yield float(body_first < LEAD_CHARACTERS)
    yield float(sentence == 0)
    yield 1 / (1 + bisect_left(document.totals.firsts, first))
    yield sentence / len(document.sentences)
    yield log1p(sentence) / 3
    yield paragraph / len(document.paragraphs)
    yield float(paragraph == 0)
    yield float(sentence <= 1)
    yield sum(start for start, _ in spans) / len(spans) / length
    yield spans[-1][0] / length
    yield min(1.0, body_first / max(1, _end_of_first(document, document.paragraphs) - document.body_start))


def _end_of_first(document: Document, bounds: Sequence[int]) -> int:
    """Return where the first sentence or paragraph behind the headline ends."""
    return bounds[1] if len(bounds) > 1 else len(document.text)


def _counts(document: Document, index: int) -> Iterator[float]:
    """Yield how often and how widely the entity is named, in the order of `COUNTS`."""
    spans, count, length = document.entities[index], document.counts[index], max(1, len(document.text))
    starts = [start for start, _ in spans]
    sentences = _different(document.sentences, starts)
    yield log1p(count) / 2
    yield count / document.totals.mentions
    yield count / document.totals.most
    yield 1 / (1 + bisect_left(document.totals.negated_counts, -count))
    yield (spans[-1][0] - spans[0][0]) / length
    yield len({4 * start // length for start, _ in spans}) / 4
    yield sentences / len(document.sentences)
    yield _different(document.paragraphs, starts) / len(document.paragraphs)
    yield log1p(sentences) / 2
    yield min(4, bisect_left(starts, _end_of_first(document, document.paragraphs))) / 2
    yield min(2, bisect_left(starts, _end_of_first(document, document.sentences)))
    yield (spans[1][0] - spans[0][0]) / length if count > 1 else 1.0


def _different(bounds: Sequence[int], starts: Sequence[int]) -> int:
    """Return in how many sentences or paragraphs the starts lie."""
    return len({bisect_right(bounds, start) for start in starts})


def _frame(document: Document, spans: Spans, stemmed: frozenset[str]) -> Iterator[float]:
    """Yield what the article is like and whether its headline names the entity, in the order of `FRAME`."""
    place = _headline_place(document, spans)
    shared = len(stemmed & document.headline_stems)
    yield log1p(len(document.counts)) / 3
    yield log1p(len(document.text)) / 8
    yield float(bool(document.headline))
    yield float(document.has_body)
    yield float(place >= 0)
    yield place / len(document.headline) if place >= 0 else 1.0
    yield shared / max(1, len(stemmed))
    yield float(shared > 0)


def _headline_place(document: Document, spans: Spans) -> int:
    """Return where the headline names the entity, -1 if it does not."""
    if document.leads:
        start, end = spans[0]
        return start if end <= len(document.headline) else -1
    headline = document.headline.casefold()
    surfaces = {document.text[start:end].casefold() for start, end in spans[:CONTEXTS_MAX]} if headline else set()
    return min((place for place in map(headline.find, surfaces) if place >= 0), default=-1)


def _words(document: Document, surfaces: Sequence[str], stemmed: frozenset[str]) -> Iterator[float]:
    """Yield what the entity's names look like and how often their words stand anywhere, in the order of `WORDS`."""
    often = max((document.words[stem] for stem in stemmed), default=0)
    count = len(surfaces)
    yield min(3.0, often / document.totals.most)
    yield log1p(often) / 2
    yield log1p(sum(document.words[stem] for stem in stemmed)) / 3
    yield log1p(len({surface.casefold() for surface in surfaces})) / 1.5
    yield min(3.0, sum(map(len, surfaces)) / count / 20)
    yield log1p(sum(surface.count(" ") for surface in surfaces) / count)
    yield float(bool(_DIGIT.search(surfaces[0])))
    yield float(surfaces[0].isupper())
    yield sum(surface[:1].isupper() for surface in surfaces) / count


def _context(document: Document, spans: Spans) -> Iterator[float]:
    """Yield how the mentions stand in their sentences, in the order of `CONTEXT`."""
    text, count = document.text, len(spans)
    before = [text[max(0, start - _LOOK_AROUND) : start] for start, _ in spans]
    behind = [text[end : end + _LOOK_AROUND] for _, end in spans]
    prepositions = [_behind_preposition(left) for left in before]
    yield float(spans[0][0] == 0 or bool(_OPENING.search(before[0])))
    yield float(prepositions[0])
    yield sum(prepositions) / count
    yield sum(right[:2] in _POSSESSIVES for right in behind) / count
    yield sum(bool(_VERB.match(right)) for right in behind) / count
    yield sum(map(_listed, before, behind)) / count
    yield sum(left.rstrip().endswith("(") for left in before) / count
    yield sum(bisect_left(document.quotes, start) % 2 for start, _ in spans) / count
    yield sum(bool(_CAPITAL_BEHIND.match(right)) for right in behind) / count
    yield sum(bool(_CAPITAL_BEFORE.search(left)) for left in before) / count
    yield sum(bool(_THE_BEFORE.search(left)) for left in before) / count


def _listed(left: str, right: str) -> bool:
    """Return whether a mention stands between commas or ands."""
    return bool(_LISTED_BEHIND.match(right) and _LISTED_BEFORE.search(left))


def _behind_preposition(left: str) -> bool:
    """Return whether the word before a mention is a preposition, articles aside."""
    word = _LAST_WORD.search(left)
    return word is not None and word.group(1).casefold() in _PREPOSITIONS


def _order(document: Document, rows: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Return how the entities compare with each other, in the order of `ORDER`."""
    firsts, counts = document.firsts, document.counts
    sentences, words = ([row[_PLACE_OF[name]] for row in rows] for name in ("sentences_share", "word_log"))
    mean, widest = document.totals.mentions / len(counts), max(sentences)
    columns = (
        _ranks(firsts),
        _ranks([-count for count in counts]),
        _ranks([-share for share in sentences]),
        _ranks([-word for word in words]),
        [min(count / mean / 3, 2.0) for count in counts],
        [share / widest for share in sentences],
        _deviations(firsts, 1.0),
        _deviations(counts, 0.5),
    )
    return list(zip(*columns, strict=True))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the share of the others that have a smaller value, 0..1."""
    ordered = sorted(values)
    return [bisect_left(ordered, value) / max(1, len(values) - 1) for value in values]


def _deviations(values: Sequence[float], least: float) -> list[float]:
    """Return half of the distances from the mean in standard deviations, to which `least` is added."""
    mean = sum(values) / len(values)
    spread = sqrt(sum((value - mean) ** 2 for value in values) / len(values)) + least
    return [(value - mean) / spread / 2 for value in values]
