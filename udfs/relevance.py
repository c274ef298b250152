"""How central each entity is to its article: 0..1, 1 = what the article is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from udfs.relevance_document import Spans
from udfs.relevance_features import Featurizer
from udfs.runner import Runner

_FIRST_WEIGHT = 0.75
"""How much the place of the first mention counts against the number of mentions."""


class RelevanceScorer:
    """Scores entities with a small model over `udfs.relevance_features.FEATURES`.

    The model maps `features`, float32 (entities, features), to relevance, float32 (entities,), 0..1.
    """

    def __init__(self, vocabulary: Mapping[str, int], model: Runner) -> None:
        """Use a vocabulary that numbers words from common to rare, and a model."""
        self._featurizer = Featurizer(vocabulary)
        self._model = model

    def score(self, headline: str, text: str, entities: Sequence[Spans]) -> tuple[float, ...]:
        """Return each entity's relevance, 0..1, in the order given.

        `entities` are the spans [start, end) in code points of `text` of each entity's mentions, at
        least one each, in any order. `headline` is empty for a post; it may be the beginning of `text`, or
        stand beside it. Raises `ValueError` for an entity without a mention.
        """
        if not entities:
            return ()
        found = self._model({"features": self._featurizer.features(headline, text, entities)})
        return tuple(np.clip(found, 0.0, 1.0).astype(float).tolist())


class PositionRule:
    """The fallback, without a model: who is named first and most often."""

    def score(self, headline: str, text: str, entities: Sequence[Spans]) -> tuple[float, ...]:  # noqa: ARG002 - as the model
        """Return each entity's relevance as `RelevanceScorer.score` does."""
        if not all(entities):
            message = "each entity needs at least one mention"
            raise ValueError(message)
        length = max(1, len(text))
        most = max(map(len, entities), default=1)
        return tuple(
            _FIRST_WEIGHT * (1 - min(start for start, _ in spans) / length) + (1 - _FIRST_WEIGHT) * len(spans) / most
            for spans in entities
        )
