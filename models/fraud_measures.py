"""Measures of the cascade: where to cut, and what comes of it."""

# Types are checked where scikit-learn and matplotlib are not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from models.fraud_examples import Examples

Scores = NDArray[np.float64]
GOOD_ALERTED_MAX = 0.001
"""At most so many of the honest customers may be alerted on (Stripe's anchor)."""
TABLE_SHARES = (0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01)


@dataclass(frozen=True, slots=True)
class Cut:
    """What comes of alerting from a score on. Shares 0..1; sessions count as caught by any of their attempts."""

    alert_from: float
    good_alerted: float
    precision: float
    recall: float
    sessions_caught: float


def alert_from(examples: Examples, scores: Scores, share: float) -> float:
    """Return the lowest score from which at most `share` of the honest sessions are alerted on."""
    honest = np.sort(_best_by_session(examples, scores, fraud=False))
    allowed = int(share * len(honest))
    return float(np.nextafter(honest[-1 - allowed], np.inf))


def cut(examples: Examples, scores: Scores, score: float) -> Cut:
    """Measure alerts from a score on."""
    alerted = scores >= score
    return Cut(
        alert_from=round(score, 6),
        good_alerted=round(float((_best_by_session(examples, scores, fraud=False) >= score).mean()), 6),
        precision=round(float(examples.fraud[alerted].mean()) if alerted.any() else 1.0, 4),
        recall=round(float(alerted[examples.fraud].mean()), 4),
        sessions_caught=round(float((_best_by_session(examples, scores, fraud=True) >= score).mean()), 4),
    )


def table(examples: Examples, scores: Scores) -> dict[str, dict[str, float]]:
    """Return the cuts at which given shares of honest customers are alerted on, on these very examples."""
    cuts = {share: cut(examples, scores, alert_from(examples, scores, share)) for share in TABLE_SHARES}
    return {f"test_at_{share:.2%}_of_good": asdict(found) for share, found in cuts.items()}


def caught_by_kind(examples: Examples, scores: Scores, score: float) -> dict[str, float]:
    """Return for each kind of fraud the share of its sessions that are caught."""
    kinds = np.array(examples.kind)
    best = {
        kind: _best_by_session(examples.where(kinds == kind), scores[kinds == kind], fraud=True)
        for kind in sorted(set(examples.kind) - {"honest"})
    }
    return {kind: round(float((found >= score).mean()), 4) for kind, found in best.items()}


def quality(examples: Examples, scores: Scores) -> dict[str, float]:
    """Return average precision and area under the ROC curve over attempts."""
    return {
        "average_precision": round(float(average_precision_score(examples.fraud, scores)), 4),
        "auc": round(float(roc_auc_score(examples.fraud, scores)), 4),
    }


def draw(path: Path, examples: Examples, curves: Mapping[str, Scores], chosen: Cut) -> None:
    """Draw the precision-recall curves over attempts, and the chosen cut."""
    figure = Figure(figsize=(6.4, 4.4))
    axes = figure.subplots()
    for name, scores in curves.items():
        precision, recall, _ = precision_recall_curve(examples.fraud, scores)
        area = average_precision_score(examples.fraud, scores)
        axes.step(recall, precision, where="post", linewidth=1.4, label=f"{name} (average precision {area:.3f})")
    axes.plot(chosen.recall, chosen.precision, "ko", markersize=5, label=f"alerts from {chosen.alert_from:.2f}")
    axes.set(xlabel="recall (attempts)", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Coupon attempts of the test week, injected fraud", fontsize=10)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, loc="lower left")
    figure.tight_layout()
    # Without the version of the drawing library, the same curves give the same bytes.
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _best_by_session(examples: Examples, scores: Scores, *, fraud: bool) -> Scores:
    """Return the highest score of each honest, or of each fraudulent, session."""
    marked = examples.fraud == fraud
    sessions, places = np.unique(examples.session[marked], return_inverse=True)
    best = np.full(len(sessions), -np.inf)
    np.maximum.at(best, places, scores[marked])
    return best
