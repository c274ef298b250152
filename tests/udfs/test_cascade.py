from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from udfs.cascade import Cascade, Ensemble, LightModel, Stage
from udfs.clicks import Click
from udfs.records import MICRO
from udfs.session_features import FEATURES, PLACE, vector
from udfs.session_sequence import sequence

NOW_MS = 1_700_000_000_000


class Recorder:
    """A model that says what it is told to and remembers what it was asked."""

    def __init__(self, answer: float) -> None:
        self.answer = answer
        self.asked: list[Mapping[str, NDArray[np.generic]]] = []

    def __call__(self, inputs: Mapping[str, NDArray[np.generic]], /) -> NDArray[np.float32]:
        self.asked.append(inputs)
        return np.array([self.answer], dtype=np.float32)


def cascade(model: Recorder, clear_below: float = 0.5, alert_from: float = 0.75) -> Cascade:
    """The light model says 0.73 from two coupon attempts on, else 0.27."""
    edges = np.full((len(FEATURES), 1), np.inf, dtype=np.float32)
    weights = np.zeros((len(FEATURES), 2))
    edges[PLACE["coupons_log"]] = np.log1p(2)
    weights[PLACE["coupons_log"]] = [-1.0, 1.0]
    return Cascade(LightModel(edges, weights, 0.0, clear_below), Ensemble(model, alert_from), 3)


def attempts(count: int) -> list[Click]:
    return [
        Click("s", f"c{number}", NOW_MS + 5_000 * number, "coupon_attempt", coupon=f"SAVE{number}")
        for number in range(count)
    ]


def test_the_light_model_clears_without_the_ensemble() -> None:
    model = Recorder(0.9)
    verdict = cascade(model).judge(attempts(1))
    assert (verdict.stage, verdict.cleared) == (Stage.LIGHT, True)
    assert verdict.score == pytest.approx(1 / (1 + np.e))
    assert cascade(model).score_attempt(attempts(1)) is None
    assert model.asked == []


@pytest.mark.parametrize(("answer", "cleared"), [(0.7499, True), (0.75, False), (1.0, False)])
def test_the_ensemble_decides_on_the_rest(answer: float, cleared: bool) -> None:
    model = Recorder(answer)
    events = attempts(2)
    verdict = cascade(model).judge(events)
    assert (verdict.stage, verdict.cleared) == (Stage.ENSEMBLE, cleared)
    asked = model.asked[0]
    assert asked["features"].tobytes() == vector(events).tobytes()
    assert asked["kinds"].tobytes() == sequence(events).kinds.tobytes()
    assert asked["steps"].tobytes() == sequence(events).steps.tobytes()


def test_an_alert_says_how_sure_and_why() -> None:
    score = cascade(Recorder(0.875)).score_attempt(attempts(2))
    assert score is not None
    assert (score.score_micro, score.model_version, score.model_versions) == (0.875 * MICRO, 3, "cascade=3")
    assert score.why == "the session's pattern scores 0.875, an alert from 0.750 (different coupons 2)"
    assert score.features["coupons_log"] == pytest.approx(np.log1p(2), abs=1e-4)
    assert list(score.features) == list(FEATURES)


def test_without_a_click_there_is_nothing_to_score() -> None:
    with pytest.raises(ValueError, match="without clicks"):
        cascade(Recorder(0.9)).score_attempt([])
