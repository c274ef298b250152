from __future__ import annotations

import numpy as np
import pytest

from udfs import measures


def test_span_score_counts_exact_matches() -> None:
    score = measures.span_score([{(0, 1, "ORG"), (2, 3, "PER")}, set()], [{(0, 1, "ORG")}, {(0, 1, "LOC")}])
    assert (score.hits, score.found, score.wanted) == (1, 2, 2)
    assert score.f1 == 0.5


def test_f1_and_accuracy() -> None:
    assert measures.accuracy(["a", "b"], ["a", "a"]) == 0.5
    assert measures.macro_f1(["a", "b", "b"], ["a", "b", "a"]) == pytest.approx(2 / 3)


def test_spearman_with_ties_and_without_order() -> None:
    assert measures.spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert measures.spearman([3, 2, 1], [10, 20, 20]) == pytest.approx(-0.8660254)
    assert measures.spearman([1, 2], [5, 5]) is None
    assert measures.spearman([1, 1], [5, 6]) == 0


def test_ndcg_is_one_for_the_best_order() -> None:
    assert measures.ndcg([0.9, 0.1, 0.5], [1, 0, 0.5]) == pytest.approx(1)
    worst = measures.ndcg([0, 1], [1, 0])
    assert worst is not None
    assert worst < 1
    assert measures.ndcg([0, 1], [0, 0]) is None


def test_calibration_error_is_the_gap() -> None:
    sure = np.array([[0.9, 0.1], [0.9, 0.1]])
    assert measures.calibration_error(sure, [0, 1]) == pytest.approx(0.4)


def test_f1_by_frequency_and_recall_of_each_label_alike() -> None:
    found, wanted = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    assert measures.weighted_f1(found, wanted) == pytest.approx((0.8 + 2 / 3) / 2)
    assert measures.macro_recall(["a", "a", "a", "a"], ["a", "a", "a", "b"]) == 0.5
    assert measures.weighted_f1(["a", "a", "a", "a"], ["a", "a", "a", "b"]) == pytest.approx(0.75 * 6 / 7)
