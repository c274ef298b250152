"""An article as the relevance features look at it: its sentences, paragraphs and words, each worked out once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from udfs import tokens as tk

Spans = Sequence[tuple[int, int]]

_WORD_LETTERS = 5
_SENTENCE_END = re.compile(r"[.!?][\"'\u201d\u2019)]*\s+(?=[\"'\u201c\u2018(\[]?[A-Z0-9])|\n+")
_PARAGRAPH_END = re.compile(r"\n+")
_WORD = re.compile(r"\w+")
_QUOTE = re.compile(r"[\"\u201c\u201d]")


@dataclass(frozen=True, slots=True)
class Totals:
    """The entities' first places and, negated, their mentions, each in order; the sum and the most of the mentions."""

    firsts: list[int]
    negated_counts: list[int]
    mentions: int
    most: int


@dataclass(frozen=True)
class Document:
    """What is the same for all entities of an article; `entities` are sorted spans that do not overlap their own."""

    text: str
    headline: str
    entities: Sequence[Spans]

    @cached_property
    def leads(self) -> bool:
        """Whether the headline is the beginning of the text."""
        return bool(self.headline) and self.text.startswith(self.headline)

    @cached_property
    def has_body(self) -> bool:
        """Whether there is more than the headline."""
        return not self.leads or len(self.text) > len(self.headline)

    @cached_property
    def body_start(self) -> int:
        """Where the text behind the headline begins; 0 if the headline stands beside it, or alone."""
        return len(self.headline) if self.leads and self.has_body else 0

    @cached_property
    def sentences(self) -> list[int]:
        """Where the sentences behind the headline begin."""
        return self._bounds(_SENTENCE_END)

    @cached_property
    def paragraphs(self) -> list[int]:
        """Where the paragraphs behind the headline begin."""
        return self._bounds(_PARAGRAPH_END)

    def _bounds(self, end: re.Pattern[str]) -> list[int]:
        begin = self.body_start
        while begin < len(self.text) and self.text[begin].isspace():
            begin += 1
        ends = (match.end() for match in end.finditer(self.text, begin, tk.CHARACTERS_MAX))
        return [begin, *(place for place in ends if place < len(self.text))]

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word stands in the text, by its stem."""
        return Counter(map(stem_of, plain_words(self.text[: tk.CHARACTERS_MAX])))

    @cached_property
    def headline_stems(self) -> frozenset[str]:
        """The stems of the headline's words."""
        return frozenset(map(stem_of, plain_words(self.headline)))

    @cached_property
    def quotes(self) -> list[int]:
        """Where quotation marks stand."""
        return [match.start() for match in _QUOTE.finditer(self.text)]

    @cached_property
    def firsts(self) -> list[int]:
        """Where each entity is first named."""
        return [spans[0][0] for spans in self.entities]

    @cached_property
    def counts(self) -> list[int]:
        """How often each entity is named."""
        return [len(spans) for spans in self.entities]

    @cached_property
    def totals(self) -> Totals:
        """What the entities have together."""
        return Totals(sorted(self.firsts), sorted(-count for count in self.counts), sum(self.counts), max(self.counts))


def plain_words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [match.casefold() for match in _WORD.findall(text)]


def stem_of(word: str) -> str:
    """Return a word in lower case cut short, so that German and Germany are one."""
    return word[:_WORD_LETTERS] if len(word) > _WORD_LETTERS else word.rstrip("s")
