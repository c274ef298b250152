"""Who a text names: the spans of persons, organisations and places."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.records import EntityType, Mention
from udfs.runner import Runner

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
"""What the tagger's columns mean: outside, or the begin or inside of a span of a type."""
_BLANK_LINE = re.compile(r"\n\s*\n")
TYPES = (EntityType.PER, EntityType.ORG, EntityType.LOC)


@dataclass(frozen=True, slots=True)
class Run:
    """Words [start, end) that make one mention, and its type."""

    start: int
    end: int
    type: EntityType


class MentionFinder:
    """Finds mentions with a BIO tagger over sub-words.

    The tagger maps `ids` and `types` (the casing of each token's word), int64 (1, length), to logits,
    float32 (1, length, `LABELS`).
    """

    def __init__(self, tokenizer: Tokenizer, tagger: Runner) -> None:
        """Use a tokenizer without truncation and padding, and a tagger."""
        self._tokenizer = tokenizer
        self._tagger = tagger
        self._special = tk.special_ids(tokenizer)

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the mentions in order of position; they never overlap, and hold at least a letter or digit.

        Offsets are code points of `text` and `surface` is the text between them. Only the first
        `udfs.tokens.TOKENS_MAX` tokens are read.
        """
        tokens = tk.tokenise(self._tokenizer, text)
        if not len(tokens):
            return ()
        firsts = tk.word_firsts(tokens)
        logits = self._logits(text, tokens).take(firsts, axis=0)
        runs = word_runs(logits, _after_blank_lines(text, tokens, firsts))
        return tuple(_mentions(text, tokens, firsts, runs))

    def _logits(self, text: str, tokens: tk.Tokens) -> tk.FloatArray:
        """Return the logits of every token, (tokens, labels), from one tagger call a window."""
        cases = tk.case_classes(text, tokens)
        parts: list[tk.FloatArray] = []
        for window in tk.windows(text, tokens):
            ids = tk.encoder_ids(tokens, window, self._special)
            types = np.zeros_like(ids)
            types[0, 1:-1] = cases[window.start : window.end]
            logits = self._tagger({"ids": ids, "types": types})[0, 1:-1]
            parts.append(logits[window.core_start - window.start : window.core_end - window.start])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _after_blank_lines(text: str, tokens: tk.Tokens, firsts: Sequence[int]) -> frozenset[int]:
    """The words before which a blank line stands, as between a headline and its body."""
    ends = [match.end() for match in _BLANK_LINE.finditer(text)]
    begins = [tokens.starts[first] for first in firsts] if ends else []
    return frozenset(bisect_left(begins, end) for end in ends)


def word_runs(logits: tk.FloatArray, cuts: Collection[int] = ()) -> list[Run]:
    """Decode word logits (words, labels) into runs of words.

    A run begins at B, or at I behind O or at one of `cuts`, and goes on as long as I follows, of
    whatever type; the type is the one that its words favour together, so that one odd word does not
    cut a name in two.
    """
    best = logits.argmax(axis=1).tolist()
    begins = [
        index
        for index, label in enumerate(best)
        if label and (label % 2 == 1 or index == 0 or best[index - 1] == 0 or index in cuts)
    ]
    runs: list[Run] = []
    for begin, following in pairwise((*begins, len(best))):
        end = best.index(0, begin, following) if 0 in best[begin:following] else following
        alone = end == begin + 1
        runs.append(Run(begin, end, TYPES[(best[begin] - 1) // 2] if alone else _favourite(logits[begin:end])))
    return runs


def _favourite(logits: tk.FloatArray) -> EntityType:
    """Return the type that the words of one run (words, labels) favour together."""
    favour = logits[:, 1:].reshape(-1, len(TYPES), 2).max(axis=2).sum(axis=0)
    return TYPES[int(favour.argmax())]


def _mentions(text: str, tokens: tk.Tokens, firsts: Sequence[int], runs: Sequence[Run]) -> Iterable[Mention]:
    """Turn runs of words into spans of the text."""
    bounds = (*firsts, len(tokens))
    for run in runs:
        start = tokens.starts[bounds[run.start]]
        end = tk.with_marks(text, tokens.ends[bounds[run.end] - 1])
        surface = text[start:end]
        if surface == surface.strip() and any(character.isalnum() for character in surface):
            yield Mention(start, end, surface, run.type)
