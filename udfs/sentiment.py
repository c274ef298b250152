"""How a text speaks about each of the entities that it mentions."""

from __future__ import annotations

from collections.abc import Sequence

from udfs import tokens as tk
from udfs.multitask import TextModel
from udfs.records import Sentiment

LABELS = ("negative", "neutral", "positive")


class SentimentScorer:
    """Scores spans with one encoding of each window of the text, whatever the number of spans in it."""

    def __init__(self, model: TextModel) -> None:
        """Use a model."""
        self._model = model

    def score(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[Sentiment, ...]:
        """Return one sentiment for each span [start, end), in code points, in the order given.

        A span without a token (spaces only, or behind `udfs.tokens.TOKENS_MAX`) is neutral. Raises
        `ValueError` for a span that is empty or leaves the text.
        """
        return sentiments(self._model.sentiment(text, spans))


def sentiments(probabilities: tk.FloatArray) -> tuple[Sentiment, ...]:
    """Return rows of probabilities (spans, `LABELS`) as sentiments."""
    return tuple(Sentiment(*row) for row in probabilities.tolist())
