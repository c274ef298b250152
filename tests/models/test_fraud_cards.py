from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.fraud_cards import (
    DAY_S,
    LABEL_DELAY_S,
    Groups,
    Payments,
    card_precision,
    features,
    known_by,
    week_under_test,
)

DAYS = 60


def payments(count: int = 1_500, seed: int = 1) -> Payments:
    chance = np.random.default_rng(seed)
    time_s = np.sort(chance.integers(0, DAYS * DAY_S, count))
    fraud = chance.random(count) < 0.1
    return Payments(
        time_s,
        chance.integers(0, 12, count),
        chance.integers(0, 9, count),
        chance.uniform(1, 300, count).round(2),
        fraud,
    )


def column(made: Payments, name: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    names, matrix = features(made)
    return matrix[:, names.index(name)]


@pytest.mark.parametrize("until_s", [0, 1, LABEL_DELAY_S])
@pytest.mark.parametrize("length_s", [3_600, DAY_S, 30 * DAY_S])
def test_windows_are_those_of_the_brute_force_twin(length_s: int, until_s: int) -> None:
    made = payments()
    found = Groups(made.customer, made.time_s).window(made.amount, length_s, until_s)
    for place in range(0, len(made.time_s), 7):
        age_s = made.time_s[place] - made.time_s
        inside = (made.customer == made.customer[place]) & (age_s >= until_s) & (age_s < until_s + length_s)
        assert found.count[place] == inside.sum()
        assert found.total[place] == pytest.approx(made.amount[inside].sum(), abs=1e-6)


def test_no_label_is_used_before_it_is_known() -> None:
    made = payments()
    moment_s = 40 * DAY_S
    late = made.time_s + LABEL_DELAY_S > moment_s
    other = replace(made, fraud=np.where(late, ~made.fraud, made.fraud))
    seen = made.time_s <= moment_s
    assert np.array_equal(features(made)[1][seen], features(other)[1][seen])
    assert not np.array_equal(features(made)[1], features(other)[1])
    assert not (known_by(made, moment_s) & late).any()


def test_no_payment_is_used_before_it_is_made() -> None:
    made = payments()
    moment_s = 40 * DAY_S
    past = int((made.time_s <= moment_s).sum())
    only = Payments(
        made.time_s[:past], made.customer[:past], made.terminal[:past], made.amount[:past], made.fraud[:past]
    )
    assert np.allclose(features(made)[1][:past], features(only)[1], rtol=1e-5)


def test_the_week_under_test_leaves_out_cards_known_to_be_defrauded() -> None:
    made = payments(seed=2)
    marked = week_under_test(made, 40)
    assert marked.any()
    known = set(made.customer[(made.day >= 26) & (made.day < 33) & made.fraud].tolist())
    assert not known & set(made.customer[marked & (made.day == 40)].tolist())
    assert ((made.day[marked] >= 40) & (made.day[marked] < 47)).all()


def test_card_precision_by_hand() -> None:
    day = np.array([0, 0, 0, 1, 1, 1])
    made = Payments(
        day * DAY_S,
        np.array([1, 2, 3, 1, 2, 3]),
        np.zeros(6, dtype=np.int64),
        np.ones(6),
        np.array([True, False, False, True, False, True]),
    )
    scores = np.array([0.9, 0.5, 0.1, 0.9, 0.8, 0.2])
    everything = np.ones(6, dtype=bool)
    # Day 0 finds card 1 at the first place; day 1 leaves it out, so card 2 comes first and 3 second.
    assert card_precision(made, scores, everything, top=1) == 0.5
    assert card_precision(made, scores, everything, top=2) == 0.5


def test_the_weekend_is_saturday_and_sunday() -> None:
    weekend = column(payments(), "weekend")
    days = payments().day
    # Day 0, 2018-04-01, was a Sunday.
    assert {int(day % 7) for day, flag in zip(days, weekend, strict=True) if flag} == {0, 6}
