"""Measures of quality in plain numpy, shared by the training recipes and `wiregraph eval`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpanScore:
    """Entity-level counts of exact matches."""

    hits: int
    found: int
    wanted: int

    @property
    def f1(self) -> float:
        """2 hits / (found + wanted), 0..1; 0 where there is nothing."""
        return 2 * self.hits / max(1, self.found + self.wanted)


def span_score(found: Sequence[AbstractSet[object]], wanted: Sequence[AbstractSet[object]]) -> SpanScore:
    """Compare sets of spans text by text; a span counts if all of it is equal."""
    hits = sum(len(ours & theirs) for ours, theirs in zip(found, wanted, strict=True))
    return SpanScore(hits, sum(map(len, found)), sum(map(len, wanted)))


def accuracy(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the share of equal labels, 0..1."""
    return sum(ours == theirs for ours, theirs in zip(found, wanted, strict=True)) / max(1, len(wanted))


def macro_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the unweighted mean over the wanted labels of each label's F1, 0..1."""
    scores = [_label_f1(found, wanted, label) for label in sorted(set(wanted))]
    return float(np.mean(scores)) if scores else 0.0


def weighted_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the mean over the wanted labels of each label's F1, each counting as often as it is wanted, 0..1."""
    share = {label: list(wanted).count(label) / len(wanted) for label in sorted(set(wanted))}
    return sum(part * _label_f1(found, wanted, label) for label, part in share.items())


def macro_recall(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the unweighted mean over the wanted labels of the share of each that was found, 0..1."""
    hits = Counter(theirs for ours, theirs in zip(found, wanted, strict=True) if ours == theirs)
    shares = [hits[label] / count for label, count in sorted(Counter(wanted).items())]
    return float(np.mean(shares)) if shares else 0.0


def _label_f1(found: Sequence[str], wanted: Sequence[str], label: str) -> float:
    """Return one label's F1 against the rest."""
    hits = sum(ours == theirs == label for ours, theirs in zip(found, wanted, strict=True))
    return 2 * hits / max(1, list(found).count(label) + list(wanted).count(label))


def calibration_error(probabilities: FloatVector, labels: Sequence[int], bins: int = 15) -> float:
    """Return the expected calibration error of (n, classes) probabilities, 0..1.

    Guo et al. 2017: mean over equal-width bins of confidence of |accuracy - confidence|, weighted by size.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == np.asarray(labels)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(right[bin_of == number].mean() - confidence[bin_of == number].mean()) * (bin_of == number).mean()
        for number in np.unique(bin_of)
    ]
    return float(sum(gaps))


def ranks(values: Sequence[float]) -> FloatVector:
    """Return ranks from 0, equal values sharing their mean rank."""
    array = np.asarray(values, dtype=float)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    lasts = np.cumsum(counts)
    means: FloatVector = lasts - (counts + 1) / 2
    return means[inverse]


def spearman(found: Sequence[float], wanted: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, -1..1, with ties; None where the wanted values do not differ.

    Where only the found values do not differ, nothing is ranked: 0.
    """
    ours, theirs = ranks(found), ranks(wanted)
    if len(theirs) <= 1 or not theirs.std():
        return None
    return float(np.corrcoef(ours, theirs)[0, 1]) if ours.std() else 0.0


def ndcg(found: Sequence[float], wanted: Sequence[float]) -> float | None:
    """Return the normalised discounted cumulative gain, 0..1; None where all gains are 0.

    Järvelin and Kekäläinen 2002, with gain = wanted and discount = log2(rank + 1); ties keep their order.
    """
    gains = np.asarray(wanted, dtype=float)
    discounts = 1 / np.log2(np.arange(2, len(gains) + 2))
    best = float(np.sort(gains)[::-1] @ discounts)
    order = np.argsort(-np.asarray(found, dtype=float), kind="stable")
    return float(gains[order] @ discounts) / best if best > 0 else None
