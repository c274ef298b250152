from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from models.fraud_cases import attempts, is_reference
from models.fraud_examples import LABEL_DELAY_MS, TEST_WEEK, VALIDATION_WEEK, Examples, examples, split
from models.fraud_recorded import sessions
from models.fraud_visits import FIRST_MS, WEEK_MS, WEEKS, Case, week_start_ms
from udfs.session_features import vector


def moved(case: Case, to_ms: int) -> Case:
    shift_ms = to_ms - case.clicks[0].event_time_ms
    clicks = tuple(click._replace(event_time_ms=click.event_time_ms + shift_ms) for click in case.clicks)
    return replace(case, clicks=clicks)


@pytest.fixture(scope="module")
def made() -> Examples:
    rng = Random(1)
    cases = [case for seed in range(12) for case in sessions(seed)]
    return examples([moved(case, FIRST_MS + rng.randrange(WEEKS * WEEK_MS)) for case in cases])


def test_only_labels_that_are_known_are_learnt_from(made: Examples) -> None:
    weeks = split(made)
    assert len(weeks.known) > 100
    assert weeks.known.time_ms.max() + LABEL_DELAY_MS <= week_start_ms(VALIDATION_WEEK)
    assert weeks.validation.time_ms.min() >= week_start_ms(VALIDATION_WEEK)
    assert weeks.validation.time_ms.max() + LABEL_DELAY_MS <= week_start_ms(TEST_WEEK)
    assert weeks.test.time_ms.min() >= week_start_ms(TEST_WEEK)
    # What is left out are the weeks of the delay, and the delay is used to the end.
    kept = len(weeks.known) + len(weeks.validation) + len(weeks.test)
    assert kept < len(made)
    assert len(weeks.known) == (made.time_ms <= week_start_ms(VALIDATION_WEEK) - LABEL_DELAY_MS).sum()


def test_no_session_is_in_two_parts(made: Examples) -> None:
    weeks = split(made)
    parts = [set(part.session.tolist()) for part in (weeks.known, weeks.validation, weeks.test)]
    assert not parts[0] & parts[1]
    assert not parts[1] & parts[2]


def test_nothing_that_comes_after_an_attempt_reaches_its_features() -> None:
    compared = 0
    for case in sessions(8):
        for _, window in attempts(case.clicks):
            past = [click for click in case.clicks if click.event_time_ms <= window[-1].event_time_ms]
            assert set(window) <= set(past)
            alone = next(one for _, one in attempts(past) if one[-1] == window[-1])
            assert vector(alone).tobytes() == vector(window).tobytes()
            compared += 1
    assert compared > 50


def test_every_kind_is_labelled_and_the_rule_decides_its_own(made: Examples) -> None:
    assert "reference_rule" not in set(made.kind) or made.fraud[np.array(made.kind) == "reference_rule"].all()
    for kind in set(made.kind):
        assert made.fraud[np.array(made.kind) == kind].all() == (kind != "honest")
    reference = [case for seed in range(3) for case in sessions(seed) if case.kind == "reference_rule"]
    assert all(any(is_reference(window) for _, window in attempts(case.clicks)) for case in reference)
    assert len(examples([replace(case, kind="honest") for case in sessions(1)])) > 50
