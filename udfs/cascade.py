"""Two models, the cheap one first, on the coupon attempts that no rule decides.

A light logistic model clears most attempts at once. The rest goes to an ensemble (boosted trees on the session's
features and a small recurrent network on its latest clicks), which alerts or clears. The same session gives the same
score, whatever came before and in whatever order it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from udfs import session_features, session_sequence
from udfs.alerts import Score
from udfs.clicks import Click
from udfs.records import MICRO
from udfs.runner import Runner
from udfs.session_features import Floats
from udfs.session_words import describe

REASONS_TOLD = 3

_ROWS = np.arange(len(session_features.FEATURES))


class Stage(StrEnum):
    """Which model had the last word."""

    LIGHT = "light"
    ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class LightModel:
    """A logistic model over binned features, in the order of `session_features.FEATURES`.

    `edges` (features, bins - 1) rise in each row and end in infinities, `weights` (features, bins) are what a value
    at or above so many edges adds to the log odds. Below `clear_below` (0..1) an attempt is cleared.
    """

    edges: Floats
    weights: NDArray[np.float64]
    bias: float
    clear_below: float

    def contributions(self, values: Floats) -> NDArray[np.float64]:
        """Return what each feature adds to the log odds."""
        bins = (values[:, None] >= self.edges).sum(axis=1)
        added: NDArray[np.float64] = self.weights[_ROWS, bins]
        return added


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The second model: maps `features` (1, features), `kinds` (1, length) and `steps` (1, length, 4) to 0..1.

    From `alert_from` on there is an alert.
    """

    model: Runner
    alert_from: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: `score` is that of the model that had the last word, 0..1."""

    score: float
    stage: Stage
    cleared: bool
    features: Floats
    contributions: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cascade:
    """Both models under one version, as in `cascade=1`."""

    light: LightModel
    ensemble: Ensemble
    version: int

    def score_attempt(self, events: Sequence[Click]) -> Score | None:
        """Return the score of an attempt that calls for an alert, None for one that is cleared.

        `events` are the session's clicks of [t - 10 minutes, t] by (event time, event id), the attempt last.
        Raises `ValueError` without any.
        """
        verdict = self.judge(events)
        if verdict.cleared:
            return None
        return Score(
            score_micro=round(verdict.score * MICRO),
            model_version=self.version,
            model_versions=f"cascade={self.version}",
            why=self._why(verdict),
            features=session_features.named(verdict.features),
        )

    def judge(self, events: Sequence[Click]) -> Verdict:
        """Return what the models say of an attempt, cleared or not; see `score_attempt`."""
        values = session_features.vector(events)
        contributions = self.light.contributions(values)
        first = _sigmoid(float(contributions.sum()) + self.light.bias)
        if first < self.light.clear_below:
            return Verdict(first, Stage.LIGHT, cleared=True, features=values, contributions=contributions)
        latest = session_sequence.sequence(events)
        inputs: dict[str, NDArray[np.generic]] = {
            "features": values[None, :],
            "kinds": latest.kinds,
            "steps": latest.steps,
        }
        second = float(self.ensemble.model(inputs)[0])
        cleared = second < self.ensemble.alert_from
        return Verdict(second, Stage.ENSEMBLE, cleared=cleared, features=values, contributions=contributions)

    def _why(self, verdict: Verdict) -> str:
        """Say in a sentence what is most unlike honest attempts."""
        places = np.argsort(-verdict.contributions, kind="stable")[:REASONS_TOLD]
        told = (
            describe(session_features.FEATURES[place], float(verdict.features[place]))
            for place in places
            if verdict.contributions[place] > 0
        )
        return (
            f"the session's pattern scores {verdict.score:.3f}, an alert from {self.ensemble.alert_from:.3f}"
            f" ({', '.join(told) or 'by the order of the clicks'})"
        )


def _sigmoid(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))
