"""Who a text names: the spans of persons, organisations and places."""

from __future__ import annotations

import re
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
        logits = self._logits(text, tokens)[firsts]
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
        return np.concatenate(parts)


def _after_blank_lines(text: str, tokens: tk.Tokens, firsts: tk.IntArray) -> frozenset[int]:
    """The words before which a blank line stands, as between a headline and its body."""
    starts = [match.end() for match in _BLANK_LINE.finditer(text)]
    return frozenset(np.searchsorted(tokens.starts[firsts], starts).tolist()) if starts else frozenset()


def word_runs(logits: tk.FloatArray, cuts: Collection[int] = ()) -> list[Run]:
    """Decode word logits (words, labels) into runs of words.

    A run begins at B, or at I behind O or at one of `cuts`, and goes on as long as I follows, of
    whatever type; the type is the one that its words favour together, so that one odd word does not
    cut a name in two.
    """
    best = logits.argmax(axis=1)
    inside = np.flatnonzero(best)
    begins = [
        index
        for position, index in enumerate(inside.tolist())
        if best[index] % 2 == 1 or position == 0 or inside[position - 1] != index - 1 or index in cuts
    ]
    runs: list[Run] = []
    for begin, following in pairwise([*begins, len(best)]):
        outside = np.flatnonzero(best[begin:following] == 0)
        end = begin + int(outside[0]) if len(outside) else following
        favour = logits[begin:end, 1:].reshape(end - begin, len(TYPES), 2).max(axis=2).sum(axis=0)
        runs.append(Run(begin, end, TYPES[int(favour.argmax())]))
    return runs


def _mentions(text: str, tokens: tk.Tokens, firsts: tk.IntArray, runs: Sequence[Run]) -> Iterable[Mention]:
    """Turn runs of words into spans of the text."""
    bounds = np.append(firsts, len(tokens))
    for run in runs:
        start = int(tokens.starts[bounds[run.start]])
        end = tk.with_marks(text, int(tokens.ends[bounds[run.end] - 1]))
        surface = text[start:end]
        if surface == surface.strip() and any(character.isalnum() for character in surface):
            yield Mention(start, end, surface, run.type)
