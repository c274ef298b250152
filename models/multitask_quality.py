"""What the multi-task model is worth on the development parts, read as serving reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import confusion as cf
from models.sentiment_corpora import Example
from models.text_corpora import Labelled
from udfs.measures import calibration_error
from udfs.multitask import NEWS, SENTIMENT, SOCIAL, WIRE, TextModel, softmax

TEMPERATURES = np.exp(np.linspace(np.log(0.4), np.log(4), 120))
THRESHOLDS = np.linspace(0.1, 0.7, 61)
NAMED_ACCURACY = 0.9
"""A topic is named from that probability on from which so many of the named ones are right."""
_SENTIMENT_MEASURES = {"accuracy": cf.accuracy, "macro_f1": cf.macro_f1}
_SOCIAL_MEASURES = {"accuracy": cf.accuracy, "weighted_f1": cf.weighted_f1, "macro_recall": cf.macro_recall}
_HEADS = {
    "phrasebank": SOCIAL,
    "twitter_financial_sentiment": SOCIAL,
    "semeval2017": SOCIAL,
    "twitter_financial_topic": NEWS,
    "reuters21578": WIRE,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """Probabilities (n, labels), the wanted labels as 0 and 1 (n, labels), and the text of each row (n,)."""

    head: str
    probabilities: NDArray[np.float64]
    wanted: NDArray[np.int64]
    texts: NDArray[np.int64]

    def of(self, rows: NDArray[np.bool_]) -> Judged:
        """Return a part, its texts numbered anew."""
        _, texts = np.unique(self.texts[rows], return_inverse=True)
        return Judged(self.head, self.probabilities[rows], self.wanted[rows], texts)


def judge_targets(model: TextModel, examples: Sequence[Example]) -> Judged:
    """Ask about all targets of each text together."""
    found = [model.sentiment(one.text, [(target.start, target.end) for target in one.targets]) for one in examples]
    labels = [target.label for one in examples for target in one.targets]
    texts = np.repeat(np.arange(len(examples)), [len(one.targets) for one in examples])
    return Judged(SENTIMENT, np.concatenate(found).astype(float), np.eye(3, dtype=np.int64)[labels], texts)


def judge_texts(model: TextModel, items: Sequence[Labelled]) -> Judged:
    """Ask about each text as a whole."""
    head = _HEADS[items[0].source]
    found = np.array([getattr(model.read(item.text), head) for item in items], dtype=float)
    wanted = np.zeros(found.shape, dtype=np.int64)
    for row, item in enumerate(items):
        wanted[row, list(item.labels)] = 1
    return Judged(head, found, wanted, np.arange(len(items)))


def logits(judged: Judged) -> NDArray[np.float64]:
    """Return the logits that the probabilities came from; those of a softmax up to a constant."""
    safe = np.clip(judged.probabilities, 1e-9, 1 - 1e-9)
    found: NDArray[np.float64] = np.log(safe) - (np.log1p(-safe) if judged.head == WIRE else 0.0)
    return found


def cooled(judged: Judged, temperature: float) -> Judged:
    """Return what a model with the temperature says, if the one that was asked has none."""
    values = logits(judged) / temperature
    found = 1 / (1 + np.exp(-values)) if judged.head == WIRE else softmax(values.astype(np.float32)).astype(float)
    return Judged(judged.head, found, judged.wanted, judged.texts)


def log_loss(judged: Judged) -> float:
    """Return the mean log loss of a row."""
    safe = np.clip(judged.probabilities, 1e-9, 1 - 1e-9)
    missed = (1 - judged.wanted) * np.log1p(-safe) if judged.head == WIRE else 0.0
    return float(-(judged.wanted * np.log(safe) + missed).sum(axis=1).mean())


def temperature(judged: Sequence[Judged]) -> float:
    """Return the temperature of least log loss (Guo et al. 2017), each data set counting alike."""
    losses = [sum(log_loss(cooled(one, value)) for one in judged) for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def crossed_error(judged: Judged) -> float:
    """Return the calibration error of one label texts where each half has the temperature of the other."""
    half = np.random.default_rng(0).integers(0, 2, judged.texts.max() + 1)[judged.texts]
    parts = [judged.of(half == number) for number in (0, 1)]
    fitted = [cooled(parts[number], temperature([parts[1 - number]])) for number in (0, 1)]
    probabilities = np.concatenate([part.probabilities for part in fitted])
    return calibration_error(probabilities, np.concatenate([part.wanted.argmax(axis=1) for part in fitted]).tolist())


def wire_threshold(judged: Judged) -> float:
    """Return the threshold of the best micro F1."""
    wanted = judged.wanted.astype(bool)
    scores = [float(cf.micro_f1(cf.hits(judged.probabilities >= at, wanted).sum(axis=0))) for at in THRESHOLDS]
    return round(float(THRESHOLDS[int(np.argmax(scores))]), 2)


def news_threshold(judged: Judged) -> float:
    """Return the least probability from which on `NAMED_ACCURACY` of the named topics are right."""
    best, right = judged.probabilities.max(axis=1), judged.probabilities.argmax(axis=1) == judged.wanted.argmax(axis=1)
    enough = [at for at in THRESHOLDS if right[best >= at].mean() >= NAMED_ACCURACY]
    return round(float(min(enough, default=THRESHOLDS[-1])), 2)


def table(judged: Judged, wire_at: float) -> dict[str, object]:
    """Return a data set's measures with their intervals."""
    if judged.head == WIRE:
        counts = cf.hits(judged.probabilities >= wire_at, judged.wanted.astype(bool))
        return {"n": len(judged.wanted), **cf.measured(counts, {"micro_f1": cf.micro_f1})}
    measures = _SOCIAL_MEASURES if judged.head == SOCIAL else _SENTIMENT_MEASURES
    counts = cf.confusion(
        judged.probabilities.argmax(axis=1), judged.wanted.argmax(axis=1), judged.texts, judged.wanted.shape[1]
    )
    return {"n": len(judged.wanted), **cf.measured(counts, measures), "ece": crossed_error(judged)}


def slices(judged: Judged, examples: Sequence[Example]) -> dict[str, Judged]:
    """Return the parts whose texts have targets of several labels, of both signs, and one target alone."""
    kinds = {
        "mixed_labels": [one.mixed for one in examples],
        "opposite_labels": [one.opposite for one in examples],
        "one_target": [len(one.targets) == 1 for one in examples],
    }
    return {name: judged.of(np.array(chosen)[judged.texts]) for name, chosen in kinds.items()}


def joined(parts: Sequence[Judged]) -> Judged:
    """Return several data sets of one head as one; no text of one is a text of another."""
    firsts = np.cumsum([0, *(part.texts.max() + 1 for part in parts)])
    return Judged(
        parts[0].head,
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.wanted for part in parts]),
        np.concatenate([part.texts + first for part, first in zip(parts, firsts, strict=False)]),
    )


def differences(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, float]:
    """Return how many points ours are above theirs, by measure."""
    return {
        name: round(100 * (value - other), 2)
        for name, value in ours.items()
        if isinstance(value, float) and isinstance(other := theirs[name], float) and name != "ece"
    }
