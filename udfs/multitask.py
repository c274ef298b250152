"""One encoding of a text that answers all that is asked of it: sentiment of entities, tone and topics.

`udfs.sentiment`, `udfs.social` and `udfs.news_topics` each give one of the answers a meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.runner import NamedRunner

NEAR = (1, 2, 4, 8, 16)
"""Distances in tokens up to which one bucket on each side of a span reaches; what is further is one more."""
DISTANCES = 2 * (len(NEAR) + 1) + 1
_STEPS = np.searchsorted(np.array(NEAR), np.arange(1, tk.TOKENS_MAX)) + 1
_BEFORE, _BEHIND = 2 * _STEPS[::-1] - 1, 2 * _STEPS
"""The buckets of the tokens before a span, up to it, and of those behind it, from it on."""
INPUTS = ("ids", "types", "pool", "distance")
SENTIMENT, SOCIAL, NEWS, WIRE = OUTPUTS = ("sentiment", "social", "news_topics", "wire_topics")
_WHOLE = (SOCIAL, NEWS, WIRE)
UNREAD = np.array([0, 1, 0], dtype=np.float32)
"""The sentiment of what holds no token that was read: neutral."""
_NEUTRAL = np.array([-np.inf, 0, -np.inf], dtype=np.float32)
"""The logits of `UNREAD`."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of a text, as probabilities.

    `sentiment` (spans, 3) and `social` (3,) are negative, neutral, positive; `news_topics` (20,) add up to 1,
    `wire_topics` (90,) stand each for itself. The latter three are 0 but for neutral in a text without tokens.
    """

    sentiment: tk.FloatArray
    social: tk.FloatArray
    news_topics: tk.FloatArray
    wire_topics: tk.FloatArray


@dataclass(frozen=True, slots=True)
class _Part:
    """A window's outputs; `indices` are the spans that begin in it, `weight` its tokens."""

    indices: tuple[int, ...]
    weight: int
    outputs: Mapping[str, tk.FloatArray]


class TextModel:
    """Encodes each window of a text once, whatever is asked and of however many spans.

    The model maps `ids` and `types` (1 where a token is part of a span), int64 (1, length), and `pool`,
    float32, and `distance`, int64 (spans, length), to the calibrated logits `OUTPUTS`, float32: `sentiment`
    (spans, 3), `social` (1, 3), `news_topics` (1, 20) and `wire_topics` (1, 90). `labels` counts the latter two.
    """

    def __init__(self, tokenizer: Tokenizer, model: NamedRunner, labels: tuple[int, int]) -> None:
        """Use a tokenizer without truncation and padding, and a model."""
        self._tokenizer = tokenizer
        self._model = model
        self._labels = labels
        self._special = tk.special_ids(tokenizer)

    def read(self, text: str, spans: Sequence[tuple[int, int]] = ()) -> Answers:
        """Answer everything about a text and its spans [start, end), in code points; see `sentiment` for those.

        Of the windows of a long text, each counts by its tokens.
        """
        parts = list(self._parts(text, spans, everywhere=True))
        if not parts:
            news, wire = (np.zeros(count, dtype=np.float32) for count in self._labels)
            return Answers(softmax(_gathered(parts, len(spans))), UNREAD, news, wire)
        whole = _mean(parts)
        tones, ends = len(UNREAD), len(UNREAD) + self._labels[0]
        # One softmax for all costs a third of three; what a row lacks counts nothing.
        rows = np.full((2 + len(spans), self._labels[0]), -np.inf, dtype=np.float32)
        rows[0, :tones] = whole[:tones]
        rows[1] = whole[tones:ends]
        rows[2:, :tones] = _gathered(parts, len(spans))
        found = softmax(rows)
        return Answers(found[2:, :tones], found[0, :tones], found[1], sigmoid(whole[ends:]))

    def sentiment(self, text: str, spans: Sequence[tuple[int, int]]) -> tk.FloatArray:
        """Return the spans' probabilities (spans, 3), and encode no window that no span begins in.

        A span without a token (spaces only, or behind `udfs.tokens.TOKENS_MAX`) is `UNREAD`. Raises
        `ValueError` for a span that is empty or leaves the text.
        """
        return softmax(_gathered(list(self._parts(text, spans, everywhere=False)), len(spans)))

    def _parts(self, text: str, spans: Sequence[tuple[int, int]], *, everywhere: bool) -> Iterator[_Part]:
        """Run the model on the windows of a text, or on those with spans."""
        if any(not 0 <= start < end <= len(text) for start, end in spans):
            raise ValueError(f"each span must lie in the text's {len(text)} code points and not be empty")
        if not (spans or everywhere):
            return
        tokens = tk.without_links(text, tk.tokenise(self._tokenizer, text))
        ranges = tk.token_ranges(tokens, spans)
        for window in tk.windows(text, tokens):
            here = [
                index
                for index, (first, last) in enumerate(ranges.tolist())
                if first < last and window.core_start <= first < window.core_end
            ]
            if here or everywhere:
                ids = tk.encoder_ids(tokens, window, self._special)
                inputs = {"ids": ids, **span_inputs(ranges[here] - window.start + 1, ids.shape[1])}
                yield _Part(tuple(here), window.core_end - window.core_start, self._model.named(inputs))


def span_inputs(ranges: tk.IntArray, length: int) -> dict[str, tk.IntArray | tk.FloatArray]:
    """Return `types` (1, length), `pool` and `distance` (spans, length) for token ranges (spans, 2).

    The ranges are cut to the length. A distance's bucket is 0 inside the span, odd before and even behind it.
    """
    types = np.zeros((1, length), dtype=np.int64)
    pool = np.zeros((len(ranges), length), dtype=np.float32)
    distance = np.zeros((len(ranges), length), dtype=np.int64)
    for row, (start, stop) in enumerate(ranges.tolist()):
        end = min(stop, length - 1)
        types[0, start:end] = 1
        pool[row, start:end] = 1 / (end - start)
        distance[row, :start] = _BEFORE[len(_BEFORE) - start :]
        distance[row, end:] = _BEHIND[: length - end]
    return {"types": types, "pool": pool, "distance": distance}


def softmax(logits: tk.FloatArray) -> tk.FloatArray:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: tk.FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(logits: tk.FloatArray) -> tk.FloatArray:
    """Return each logit's probability."""
    probabilities: tk.FloatArray = 1 / (1 + np.exp(np.minimum(-logits, 80)))
    return probabilities


def _gathered(parts: Sequence[_Part], spans: int) -> tk.FloatArray:
    """Return the spans' logits in the order in which they were asked for; of what was not read, those of neutral."""
    found = np.empty((spans, len(_NEUTRAL)), dtype=np.float32)
    found[:] = _NEUTRAL
    for part in parts:
        if part.indices:
            found[list(part.indices)] = part.outputs[SENTIMENT]
    return found


def _mean(parts: Sequence[_Part]) -> tk.FloatArray:
    """Return the mean of the windows' logits of the whole text, one behind the other, each counting by its tokens."""
    weights = np.array([part.weight for part in parts], dtype=np.float32)
    if len(parts) == 1:
        # The same bits as below, for most texts and in a third of the time.
        alone: tk.FloatArray = np.concatenate([parts[0].outputs[name][0] for name in _WHOLE]) * weights / weights
        return alone
    sums = [weights @ np.concatenate([part.outputs[name] for part in parts]) for name in _WHOLE]
    mean: tk.FloatArray = np.concatenate(sums) / weights.sum()
    return mean
