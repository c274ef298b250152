from __future__ import annotations

import numpy as np
import pytest

from models import confusion as cf
from udfs import measures

RANDOM = np.random.default_rng(1)
FOUND, WANTED = RANDOM.integers(0, 3, (2, 200))
TEXTS = np.repeat(np.arange(100), 2)


def test_measures_from_counts_are_those_from_labels() -> None:
    counts = cf.confusion(FOUND, WANTED, TEXTS, 3).sum(axis=0)
    found, wanted = [str(label) for label in FOUND], [str(label) for label in WANTED]
    assert cf.accuracy(counts) == pytest.approx(measures.accuracy(found, wanted))
    assert cf.macro_f1(counts) == pytest.approx(measures.macro_f1(found, wanted))
    assert cf.weighted_f1(counts) == pytest.approx(measures.weighted_f1(found, wanted))
    assert cf.macro_recall(counts) == pytest.approx(measures.macro_recall(found, wanted))


def test_micro_f1_of_several_labels() -> None:
    found = np.array([[True, False, True], [False, False, False]])
    wanted = np.array([[True, True, False], [False, False, True]])
    sets = [[{int(at) for at in np.flatnonzero(row)} for row in rows] for rows in (found, wanted)]
    assert cf.micro_f1(cf.hits(found, wanted).sum(axis=0)) == pytest.approx(measures.span_score(*sets).f1)


def test_an_interval_holds_the_value_and_is_the_same_each_time() -> None:
    counts = cf.confusion(FOUND, WANTED, TEXTS, 3)
    first = cf.measured(counts, {"accuracy": cf.accuracy})
    low, high = np.array(first["accuracy_95"], dtype=float).tolist()
    assert low < float(str(first["accuracy"])) < high
    assert high - low == pytest.approx(4 * np.sqrt(0.33 * 0.67 / 200), rel=0.35)
    assert first == cf.measured(counts, {"accuracy": cf.accuracy})
