"""Train the cascade of the click job on real visits with injected coupon attempts and fraud.

python -m models.fraud --data ../shared/data --out models/weights/cascade

Weeks 0 to 2 are learnt from: what is known, with labels a week late, when week 4 begins. Week 4 chooses where to
cut and how trees and network are mixed; it is known when week 6, the test week, begins.
"""

# Types are checked where torch and lightgbm are not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import lightgbm
import numpy as np
import onnx
from sklearn.linear_model import LogisticRegression

from models import fraud_handbook, fraud_measures
from models.command import Arguments, command
from models.fraud_card import LIMITS, SUMMARY
from models.fraud_cases import make_cases
from models.fraud_examples import Examples, Weeks, examples, split
from models.fraud_graph import Mix, ensemble
from models.fraud_light import FittedLight, fit_light
from models.fraud_measures import Scores
from models.fraud_network import fit_network, log_odds_of
from models.fraud_visits import read_visits
from models.shipping import Release, Source, arrays, ship
from models.training import seed_everything
from udfs.inference.cascade import LIGHT
from udfs.session_features import FEATURES

DRAWS = 8
"""So many sessions are written on each real visit, all in the visit's week."""
CLEARED_SHARE = 0.91
GOOD_ALERTED_SHARE = 0.7 * fraud_measures.GOOD_ALERTED_MAX
"""Asked for on the validation week, so that chance in another week does not go past the limit."""
ROUNDS = 400
_SETTINGS = {
    "objective": "binary",
    "num_threads": 1,
    "deterministic": True,
    "num_leaves": 15,
    "learning_rate": 0.03,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores 0..1 of one week's attempts by model."""

    light: Scores
    trees: Scores
    network: Scores
    ensemble: Scores

    def cascade(self, clear_below: float) -> Scores:
        """Return the ensemble's scores, 0 where the light model clears."""
        return np.where(self.light < clear_below, 0.0, self.ensemble)


def main() -> None:
    """Train, measure, ship."""
    arguments = command("fraud", __doc__, epochs=8)
    seed_everything(arguments.seed, threads=1)
    cases = list(make_cases(read_visits(arguments.data), DRAWS, arguments.seed))
    weeks = split(examples(cases))
    light = fit_light(weeks.known)
    trees = lightgbm.train(
        _SETTINGS | {"seed": arguments.seed}, lightgbm.Dataset(weeks.known.features, weeks.known.fraud), ROUNDS
    )
    network, curve = fit_network(weeks.known, arguments.epochs, arguments.seed)
    odds = {
        name: (trees.predict(week.features, raw_score=True), log_odds_of(network, week.sequences))
        for name, week in (("validation", weeks.validation), ("test", weeks.test))
    }
    mix = _fit_mix(weeks.validation, *odds["validation"])
    scored = {
        name: _scored(light, week, odds[name], mix)
        for name, week in (("validation", weeks.validation), ("test", weeks.test))
    }
    model = ensemble(trees.dump_model(), arrays(network), mix)
    _ship(arguments, weeks, scored, (light, model, curve))


def _fit_mix(week: Examples, trees: Scores, network: Scores) -> Mix:
    """Find how the two are weighted, on the week that chooses; this also calibrates."""
    fitted = LogisticRegression(C=1e3).fit(np.stack([trees, network], axis=1), week.fraud)
    return Mix(float(fitted.coef_[0][0]), float(fitted.coef_[0][1]), float(fitted.intercept_[0]))


def _scored(light: FittedLight, week: Examples, odds: tuple[Scores, Scores], mix: Mix) -> Scored:
    return Scored(light.scores(week.features), *map(_sigmoid, (*odds, mix.log_odds(*odds))))


def _sigmoid(log_odds: Scores) -> Scores:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _ship(
    arguments: Arguments,
    weeks: Weeks,
    scored: dict[str, Scored],
    parts: tuple[FittedLight, onnx.ModelProto, list[float]],
) -> None:
    light, model, curve = parts
    clear_below = float(np.quantile(scored["validation"].light, CLEARED_SHARE))
    chosen = scored["validation"].cascade(clear_below)
    alert_from = fraud_measures.alert_from(weeks.validation, chosen, GOOD_ALERTED_SHARE)
    cuts = {"clear_below": clear_below, "alert_from": alert_from}
    test = scored["test"]
    final = test.cascade(clear_below)
    curves = {
        "light": test.light,
        "network": test.network,
        "trees": test.trees,
        "ensemble": test.ensemble,
        "cascade": final,
    }
    at_cut = fraud_measures.cut(weeks.test, final, alert_from)
    metrics: dict[str, object] = {
        "attempts_known_validation_test": [len(weeks.known), len(weeks.validation), len(weeks.test)],
        "fraudulent_of_them": [int(week.fraud.sum()) for week in (weeks.known, weeks.validation, weeks.test)],
        "validation_at_cut": asdict(fraud_measures.cut(weeks.validation, chosen, alert_from)),
        "test_at_cut": asdict(at_cut),
        "test_cleared_by_light": round(float((test.light < clear_below).mean()), 4),
        "test_fraud_past_light": round(float((test.light >= clear_below)[weeks.test.fraud].mean()), 4),
        **{f"test_{name}": fraud_measures.quality(weeks.test, scores) for name, scores in curves.items()},
        "test_caught_by_kind": fraud_measures.caught_by_kind(weeks.test, final, alert_from),
        **fraud_measures.table(weeks.test, final),
        "handbook": fraud_handbook.measure(arguments.data, arguments.seed),
        "loss_curve": curve,
    }
    release = Release(
        name="cascade",
        version="1",
        labels=FEATURES,
        inputs=("features", "kinds", "steps"),
        seed=arguments.seed,
        sources=(Source("yoochoose clicks (a sample of RecSys 2015)", "CC BY-NC-ND 4.0", len(weeks.known)),),
        metrics=metrics,
        summary=SUMMARY,
        limits=LIMITS,
    )
    extra = json.dumps(light.as_json() | cuts, indent=1).encode()
    ship(arguments.out, release, model, extras={LIGHT: extra})
    fraud_measures.draw(arguments.out / "precision_recall.png", weeks.test, curves, at_cut)
    print(json.dumps(metrics, indent=1))


if __name__ == "__main__":
    main()
