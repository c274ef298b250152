"""How a text speaks about each of the entities that it mentions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.records import Sentiment
from udfs.runner import Runner

LABELS = ("negative", "neutral", "positive")
NO_TOKENS = Sentiment(negative=0.0, neutral=1.0, positive=0.0)
"""What is said of a span that holds no token that was read: nothing."""


class SentimentScorer:
    """Scores spans with one encoding of each window of the text, whatever the number of spans in it.

    The model maps `ids` and `types` (1 where a token is part of a span), int64 (1, length), and `pool`,
    float32 (spans, length), whose rows average each span's tokens, to calibrated logits, float32
    (spans, `LABELS`).
    """

    def __init__(self, tokenizer: Tokenizer, model: Runner) -> None:
        """Use a tokenizer without truncation and padding, and a model."""
        self._tokenizer = tokenizer
        self._model = model
        self._special = tk.special_ids(tokenizer)

    def score(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[Sentiment, ...]:
        """Return one sentiment for each span [start, end), in code points, in the order given.

        A span without a token (spaces only, or behind `udfs.tokens.TOKENS_MAX`) is `NO_TOKENS`. Raises
        `ValueError` for a span that is empty or leaves the text.
        """
        if not spans:
            return ()
        if any(not 0 <= start < end <= len(text) for start, end in spans):
            message = f"each span must lie in the text's {len(text)} code points and not be empty"
            raise ValueError(message)
        tokens = tk.tokenise(self._tokenizer, text)
        ranges = tk.token_ranges(tokens, spans)
        scores = [NO_TOKENS] * len(spans)
        for window in tk.windows(text, tokens):
            here = [
                index
                for index, (first, last) in enumerate(ranges.tolist())
                if first < last and window.core_start <= first < window.core_end
            ]
            if here:
                found = self._window(tokens, window, ranges[here])
                for index, score in zip(here, found, strict=True):
                    scores[index] = score
        return tuple(scores)

    def _window(self, tokens: tk.Tokens, window: tk.Window, ranges: tk.IntArray) -> list[Sentiment]:
        """Score the token ranges (spans, 2) that begin in a window."""
        ids = tk.encoder_ids(tokens, window, self._special)
        inputs = span_inputs(ranges - window.start + 1, ids.shape[1])
        probabilities = softmax(self._model({"ids": ids, **inputs}))
        return [Sentiment(*map(float, row)) for row in probabilities]


def span_inputs(ranges: tk.IntArray, length: int) -> dict[str, tk.IntArray | tk.FloatArray]:
    """Return `types` (1, length) and `pool` (spans, length) for token ranges (spans, 2), cut to the length."""
    positions = np.arange(length)
    inside = (positions >= ranges[:, :1]) & (positions < np.minimum(ranges[:, 1:], length - 1))
    pool = inside.astype(np.float32)
    pool /= pool.sum(axis=1, keepdims=True)
    return {"types": inside.any(axis=0).astype(np.int64)[None], "pool": pool}


def softmax(logits: tk.FloatArray) -> tk.FloatArray:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: tk.FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities
