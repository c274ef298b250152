from __future__ import annotations

import numpy as np
import pytest

from models import multitask_quality as quality
from models.sentiment_corpora import Example, Target
from udfs.multitask import NEWS, SENTIMENT, WIRE

RANDOM = np.random.default_rng(3)


def judged(head: str, logits: np.ndarray[tuple[int, int], np.dtype[np.float64]], seed: int = 0) -> quality.Judged:
    """Rows whose labels are drawn from the probabilities that twice the logits' temperature would give."""
    chance = np.random.default_rng(seed)
    if head == WIRE:
        true = 1 / (1 + np.exp(-logits / 2))
        found, wanted = 1 / (1 + np.exp(-logits)), (chance.random(true.shape) < true).astype(np.int64)
    else:
        true = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
        found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        wanted = np.stack([chance.multinomial(1, row) for row in true])
    return quality.Judged(head, found, wanted, np.arange(len(logits)))


@pytest.mark.parametrize("head", [SENTIMENT, NEWS, WIRE])
def test_the_temperature_that_the_labels_were_drawn_with_is_found(head: str) -> None:
    one = judged(head, RANDOM.normal(0, 4, (3_000, 3)))
    heat = quality.temperature([one])
    assert heat == pytest.approx(2, rel=0.1)
    assert quality.log_loss(quality.cooled(one, heat)) < quality.log_loss(one)


def test_the_crossed_error_is_small_where_the_temperature_mends_it() -> None:
    assert quality.crossed_error(judged(SENTIMENT, RANDOM.normal(0, 4, (3_000, 3)))) < 0.04


def test_a_temperature_of_one_changes_nothing() -> None:
    for head in (SENTIMENT, WIRE):
        one = judged(head, RANDOM.normal(0, 2, (20, 4)))
        assert quality.cooled(one, 1.0).probabilities == pytest.approx(one.probabilities, abs=1e-6)


def test_the_wires_threshold_is_the_best_one() -> None:
    probabilities = np.array([[0.9, 0.4, 0.1], [0.2, 0.45, 0.6]])
    one = quality.Judged(WIRE, probabilities, np.array([[1, 1, 0], [0, 1, 1]]), np.arange(2))
    assert 0.2 < quality.wire_threshold(one) <= 0.4


def test_a_topic_is_named_where_most_named_ones_are_right() -> None:
    best = np.linspace(0.3, 1, 1_000)
    wanted = np.eye(2, dtype=np.int64)[(np.arange(1_000) < 300).astype(int)]
    one = quality.Judged(NEWS, np.stack([best, np.zeros(1_000)], axis=1), wanted, np.arange(1_000))
    named = best >= quality.news_threshold(one)
    assert wanted[named, 0].mean() >= quality.NAMED_ACCURACY
    assert named.sum() > 700


def test_slices_and_joined_parts_keep_their_texts() -> None:
    examples = [
        Example("a b", (Target(0, 1, 0), Target(2, 3, 2)), "x"),
        Example("c", (Target(0, 1, 1),), "x"),
        Example("d e", (Target(0, 1, 1), Target(2, 3, 2)), "x"),
    ]
    one = quality.Judged(
        SENTIMENT, RANDOM.random((5, 3)), np.eye(3, dtype=np.int64)[[0, 2, 1, 1, 2]], np.array([0, 0, 1, 2, 2])
    )
    parts = quality.slices(one, examples)
    assert {name: len(part.wanted) for name, part in parts.items()} == {
        "mixed_labels": 4, "opposite_labels": 2, "one_target": 1,
    }  # fmt: skip
    assert parts["mixed_labels"].texts.tolist() == [0, 0, 1, 1]
    assert quality.joined([parts["mixed_labels"], parts["one_target"]]).texts.tolist() == [0, 0, 1, 1, 2]


def test_differences_are_in_points() -> None:
    ours = {"n": 3, "accuracy": 0.91, "accuracy_95": [0.9, 0.92], "ece": 0.3}
    assert quality.differences(ours, ours | {"accuracy": 0.915}) == {"accuracy": -0.5}
