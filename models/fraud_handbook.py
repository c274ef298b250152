"""The recipe's check on labelled fraud: the card transactions of the Fraud Detection Handbook.

python -m models.fraud_handbook --data ../shared/data    prints the measures of the handbook's test week

The test week, the delay and the measures are the handbook's; trained is on all weeks that are known by then, not on
one alone. The validation week lies two weeks before; nothing was chosen on the test week.
"""

# Types are checked where lightgbm and scikit-learn are not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

import argparse
import json
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from models.fraud_cards import DAY_S, Payments, card_precision, features, known_by, read_payments, week_under_test

FILE = Path("fraud_handbook_simulated") / "transactions.csv.gz"
TEST_DAY = 129
"""2018-08-08, the first day of the handbook's test week."""
VALIDATION_DAY = TEST_DAY - 14
FIRST_DAY = 45
"""Before that, the windows of a month are not full."""
ROUNDS = 200
PUBLISHED = {"average_precision": 0.658, "auc": 0.871, "card_precision_100": 0.291}
"""The best of each measure among the handbook's baselines: random forest, logistic, logistic."""
_SETTINGS = {
    "objective": "binary",
    "num_threads": 1,
    "deterministic": True,
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "verbose": -1,
}


def measure(data: Path, seed: int) -> dict[str, object]:
    """Return the measures of the validation week and of the test week, beside the published ones."""
    payments = read_payments(data / FILE)
    _, matrix = features(payments)
    weeks = {"validation": VALIDATION_DAY, "test": TEST_DAY}
    return {
        **{name: _week(payments, matrix, first_day, seed) for name, first_day in weeks.items()},
        "published": PUBLISHED,
    }


def _week(payments: Payments, matrix: np.ndarray, first_day: int, seed: int) -> dict[str, float | int]:  # type: ignore[type-arg] # (transactions, features)
    """Train on what is known when the week begins, measure on the week."""
    tested = week_under_test(payments, first_day)
    known = known_by(payments, first_day * DAY_S) & (payments.day >= FIRST_DAY)
    table = lightgbm.Dataset(matrix[known], payments.fraud[known])
    trees = lightgbm.train(_SETTINGS | {"seed": seed}, table, num_boost_round=ROUNDS)
    scores = np.zeros(len(tested))
    scores[tested] = trees.predict(matrix[tested])
    return {
        "average_precision": round(float(average_precision_score(payments.fraud[tested], scores[tested])), 4),
        "auc": round(float(roc_auc_score(payments.fraud[tested], scores[tested])), 4),
        "card_precision_100": round(card_precision(payments, scores, tested), 4),
        "transactions": int(tested.sum()),
        "frauds": int(payments.fraud[tested].sum()),
        "trained_on": int(known.sum()),
    }


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.data, arguments.seed), indent=1))


if __name__ == "__main__":
    main()
