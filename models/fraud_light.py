"""The cascade's first model: logistic over features that are cut into bins, so that it need not be linear."""

# Types are checked where scikit-learn is not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from models.fraud_examples import Examples
from udfs.session_features import FEATURES, Floats

BINS = 16
PENALTY = 0.2
"""The inverse strength of the penalty on large weights."""


@dataclass(frozen=True, slots=True)
class FittedLight:
    """Rising edges and, one more, weights by feature, and the bias: see `udfs.cascade.LightModel`."""

    edges: tuple[Floats, ...]
    weights: tuple[NDArray[np.float64], ...]
    bias: float

    def scores(self, features: Floats) -> NDArray[np.float64]:
        """Return the probabilities of fraud, (attempts,)."""
        log_odds = np.full(len(features), self.bias)
        for column, (edges, weights) in enumerate(zip(self.edges, self.weights, strict=True)):
            log_odds += weights[np.searchsorted(edges, features[:, column], side="right")]
        return np.asarray(1 / (1 + np.exp(-log_odds)))

    def as_json(self) -> dict[str, object]:
        """Return what `udfs.inference.cascade` reads of it."""
        rows = zip(FEATURES, self.edges, self.weights, strict=True)
        features = {
            name: {"edges": [float(edge) for edge in edges], "weights": [round(float(one), 6) for one in weights]}
            for name, edges, weights in rows
        }
        return {"features": features, "bias": self.bias}


def fit_light(known: Examples) -> FittedLight:
    """Fit the weights; the edges are quantiles of all attempts and of the fraudulent ones.

    A feature's weights are 0 in the mean over attempts, so that what it adds says how unusual its value is.
    """
    edges = tuple(_edges(known, column) for column in range(known.features.shape[1]))
    binned = _binned(known.features, edges)
    model = LogisticRegression(C=PENALTY, max_iter=1_000).fit(binned, known.fraud)
    ends = np.cumsum([len(one) + 1 for one in edges])[:-1]
    weights, shares = np.split(model.coef_[0], ends), np.split(np.asarray(binned.mean(axis=0)).ravel(), ends)
    means = [float(added @ share) for added, share in zip(weights, shares, strict=True)]
    centred = tuple(added - mean for added, mean in zip(weights, means, strict=True))
    return FittedLight(edges, centred, float(model.intercept_[0]) + sum(means))


def _edges(known: Examples, column: int) -> Floats:
    values, shares = known.features[:, column], np.linspace(0, 1, BINS + 1)[1:-1]
    of_all, of_fraud = np.quantile(values, shares), np.quantile(values[known.fraud], shares)
    # In serving's precision, so that a value on an edge falls on the same side.
    rising: Floats = np.unique(np.concatenate([of_all, of_fraud]).astype(np.float32))
    return rising


def _binned(features: Floats, edges: tuple[Floats, ...]) -> csr_matrix:
    blocks = []
    for column, rising in enumerate(edges):
        bins = np.searchsorted(rising, features[:, column], side="right")
        blocks.append((bins[:, None] == np.arange(len(rising) + 1)).astype(np.float32))
    return csr_matrix(np.concatenate(blocks, axis=1))
