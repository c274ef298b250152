"""Measures with confidence intervals, from counts that add up over texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
Measure = Callable[[Counts], NDArray[np.float64]]
RESAMPLES = 1_000
SEED = 0


def confusion(found: NDArray[np.int64], wanted: NDArray[np.int64], texts: NDArray[np.int64], labels: int) -> Counts:
    """Return how often each wanted label (second axis) was taken for each other (third) in each text (first)."""
    counts = np.zeros((int(texts.max()) + 1, labels, labels))
    np.add.at(counts, (texts, wanted, found), 1)
    return counts


def hits(found: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Counts:
    """Return (texts, labels, 3): whether each label of a text was found rightly, found wrongly, missed."""
    return np.stack([found & wanted, found & ~wanted, ~found & wanted], axis=-1).astype(float)


def accuracy(counts: Counts) -> NDArray[np.float64]:
    """Return the share on the diagonal of confusions (..., labels, labels)."""
    share: NDArray[np.float64] = np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))
    return share


def macro_recall(counts: Counts) -> NDArray[np.float64]:
    """Return the mean recall of the labels of confusions."""
    right, wanted = np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1)
    mean: NDArray[np.float64] = (right / np.maximum(wanted, 1)).mean(axis=-1)
    return mean


def f1_by_label(counts: Counts) -> NDArray[np.float64]:
    """Return each label's F1 of confusions."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    scores: NDArray[np.float64] = 2 * right / np.maximum(counts.sum(axis=-1) + counts.sum(axis=-2), 1)
    return scores


def macro_f1(counts: Counts) -> NDArray[np.float64]:
    """Return the mean F1 of the labels of confusions."""
    mean: NDArray[np.float64] = f1_by_label(counts).mean(axis=-1)
    return mean


def weighted_f1(counts: Counts) -> NDArray[np.float64]:
    """Return the mean F1 of the labels of confusions, each counting as often as it is wanted."""
    wanted = counts.sum(axis=-1)
    mean: NDArray[np.float64] = (f1_by_label(counts) * wanted).sum(axis=-1) / wanted.sum(axis=-1)
    return mean


def micro_f1(counts: Counts) -> NDArray[np.float64]:
    """Return the F1 over all labels of `hits` (..., labels, 3)."""
    right, wrong, missed = np.moveaxis(counts.sum(axis=-2), -1, 0)
    score: NDArray[np.float64] = 2 * right / np.maximum(2 * right + wrong + missed, 1)
    return score


def measured(counts: Counts, measures: Mapping[str, Measure]) -> dict[str, object]:
    """Return each measure of the texts' counts (texts, ...) and, by bootstrap over texts, its 95 % interval."""
    chance = np.random.default_rng(SEED)
    texts = len(counts)
    weights = chance.multinomial(texts, np.full(texts, 1 / texts), size=RESAMPLES).astype(float)
    resampled = np.tensordot(weights, counts, axes=1)
    found: dict[str, object] = {}
    for name, measure in measures.items():
        low, high = np.quantile(measure(resampled), [0.025, 0.975])
        found[name] = float(measure(counts.sum(axis=0)))
        found[f"{name}_95"] = [round(float(low), 4), round(float(high), 4)]
    return found
