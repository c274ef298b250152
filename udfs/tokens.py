"""A text as the sub-word tokens that the encoders read, with offsets into the text.

Pure: the same text gives the same tokens. Training and serving share this module, so that both see
a text in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]

TOKENS_MAX = 2_048
"""A text is read up to this many tokens; what follows is not looked at (about 1,500 words)."""
CHARACTERS_MAX = 16 * TOKENS_MAX
"""A text is cut here before it is tokenised, so that a huge body costs no more than a long one."""
WINDOW_TOKENS = 128
"""Tokens of one encoder call, with the two special ones."""
MARGIN_TOKENS = 16
"""Context on both sides of a cut inside a sentence that is longer than a window."""

CASE_CLASSES = 5
LOWER, CAPITAL, UPPER, MIXED, INITIAL = range(CASE_CLASSES)

_SURROGATE = re.compile("[\ud800-\udfff]")
_LINK = re.compile(r"https?://\S+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)\]]*\s+(?=[\"'\u201c\u2018(\[]?[A-Z0-9])|\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The sub-words of a text; four lists of one length, without special tokens.

    `starts` and `ends` are code points (exclusive end), `words` numbers the word that a sub-word is
    a part of (a run without spaces and punctuation, or one punctuation mark). Lists, since arrays of a
    headline's length cost more to make than they save.
    """

    ids: Sequence[int]
    starts: Sequence[int]
    ends: Sequence[int]
    words: Sequence[int]

    def __len__(self) -> int:
        """Return the number of sub-words."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens [start, end) are encoded together; the results of [core_start, core_end) are used."""

    start: int
    end: int
    core_start: int
    core_end: int


def tokenise(tokenizer: Tokenizer, text: str) -> Tokens:
    """Tokenise at most `TOKENS_MAX` sub-words of `text`, ending with a whole word."""
    text = text[:CHARACTERS_MAX]
    if not text.isascii():
        # A lone surrogate is no text; one replacement character each keeps the offsets right.
        text = _SURROGATE.sub("\ufffd", text)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    # Only special tokens are of no word.
    words = cast("list[int]", encoding.word_ids)
    count = _whole_words(words, TOKENS_MAX)
    starts, ends = zip(*encoding.offsets[:count], strict=True) if count else ((), ())
    return Tokens(encoding.ids[:count], starts, ends, words[:count])


def without_links(text: str, tokens: Tokens) -> Tokens:
    """Leave out what follows the first token of a link: that there is one says something, its letters do not."""
    if "://" not in text:
        return tokens
    links = [match.span() for match in _LINK.finditer(text)]
    kept = [not any(first < start < end for first, end in links) for start in tokens.starts]
    columns = (tokens.ids, tokens.starts, tokens.ends, tokens.words)
    return Tokens(*(tuple(compress(column, kept)) for column in columns))


def _whole_words(words: Sequence[int], limit: int) -> int:
    """Return how many tokens, `limit` at most, end with a whole word."""
    if len(words) <= limit:
        return len(words)
    return bisect_left(words, words[limit]) or limit


def case_classes(text: str, tokens: Tokens) -> IntArray:
    """Return the casing of each token's word, (n,) of 0..4: what an uncased vocabulary drops."""
    classes: list[int] = []
    for first, following in pairwise((*word_firsts(tokens), len(tokens))):
        word = text[tokens.starts[first] : tokens.ends[following - 1]]
        classes += [case_class(word)] * (following - first)
    return np.array(classes, dtype=np.int64)


def case_class(word: str) -> int:
    """Return how a word is written: `LOWER` (or without case), `CAPITAL`, `UPPER`, `MIXED`, `INITIAL`."""
    if word.islower() or word == word.lower():
        return LOWER
    if word.isupper():
        return UPPER if len(word) > 1 else INITIAL
    return CAPITAL if word.istitle() else MIXED


def word_firsts(tokens: Tokens) -> list[int]:
    """Return the index of the first token of each word, ascending."""
    words = tokens.words
    return [index for index, word in enumerate(words) if index == 0 or word != words[index - 1]]


def windows(text: str, tokens: Tokens) -> tuple[Window, ...]:
    """Cut a text into windows of whole sentences whose cores cover every token exactly once."""
    room = WINDOW_TOKENS - 2
    if len(tokens) <= room:
        return (Window(0, len(tokens), 0, len(tokens)),) if len(tokens) else ()
    cuts: list[Window] = []
    for start, end in _packed(_sentence_bounds(text, tokens), room):
        cuts.extend(_split(tokens, start, end, room))
    return tuple(cuts)


def _sentence_bounds(text: str, tokens: Tokens) -> Sequence[int]:
    """Return the token indices at which sentences begin, with 0 and the number of tokens."""
    characters = [match.end() for match in _SENTENCE_END.finditer(text, 0, tokens.ends[-1])]
    inner = (bisect_left(tokens.starts, character) for character in characters)
    return sorted({0, *inner, len(tokens)})


def _packed(bounds: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Join neighbouring sentences while they fit into one window."""
    packed: list[tuple[int, int]] = []
    for start, end in pairwise(bounds):
        if packed and end - packed[-1][0] <= room:
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed


def _split(tokens: Tokens, start: int, end: int, room: int) -> list[Window]:
    """Cut one overlong sentence into windows that see `MARGIN_TOKENS` beyond their core."""
    if end - start <= room:
        return [Window(start, end, start, end)]
    cuts: list[Window] = []
    core = start
    while core < end:
        stop = min(end, core + room - 2 * MARGIN_TOKENS)
        if stop < end:
            # A word that straddles the cut goes to the next core, unless it fills this one.
            first = bisect_left(tokens.words, tokens.words[stop])
            stop = first if first > core else stop
        cuts.append(Window(max(start, core - MARGIN_TOKENS), min(end, stop + MARGIN_TOKENS), core, stop))
        core = stop
    return cuts


def encoder_ids(tokens: Tokens, window: Window, special: tuple[int, int]) -> IntArray:
    """Return the ids of a window between the two special ones, (1, length + 2)."""
    first, last = special
    return np.array([[first, *tokens.ids[window.start : window.end], last]], dtype=np.int64)


def special_ids(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the ids of the tokens before and behind every window; raise `ValueError` without them."""
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if first is None or last is None:
        message = "the tokenizer has no [CLS] and [SEP]"
        raise ValueError(message)
    return first, last


def token_ranges(tokens: Tokens, spans: Sequence[tuple[int, int]]) -> IntArray:
    """Return for each span of code points the tokens [first, last) that touch it, (spans, 2)."""
    ranges = [(bisect_right(tokens.ends, start), bisect_left(tokens.starts, end)) for start, end in spans]
    return np.array(ranges, dtype=np.int64).reshape(-1, 2)


def with_marks(text: str, end: int) -> int:
    """Return `end` moved behind the combining marks that belong to the letter before it."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end
