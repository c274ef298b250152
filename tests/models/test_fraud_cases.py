from collections.abc import Sequence

import pytest
from hypothesis import given

from models.fraud_cases import RULE_VIEWS_MAX, RULE_WINDOW_MS, attempts, is_reference, make_cases, reference_views
from models.fraud_recorded import sessions
from models.fraud_visits import DEAR_MICRO, Visit
from tests.oracles import clicks as drawn
from udfs.alerts import AlertState
from udfs.clicks import COUPON_ATTEMPT, Click
from udfs.patterns import Partition
from udfs.rulebook import Rulebook
from udfs.session_features import WINDOW_MS

NOW_MS = 1_700_000_000_000
TRY = Click("s", "m", NOW_MS, COUPON_ATTEMPT)


def view(event_id: str, before_ms: int, price_micro: int | None = DEAR_MICRO) -> Click:
    return Click("s", event_id, NOW_MS - before_ms, "view", price_micro=price_micro)


def in_order(made: Sequence[Click]) -> list[Click]:
    return sorted(made, key=lambda click: (click.event_time_ms, click.event_id))


@given(drawn.sessions(2 * WINDOW_MS))
def test_each_attempt_is_last_in_a_window_of_all_that_came_by_then(made: list[Click]) -> None:
    events = in_order(made)
    found = list(attempts(events))
    tries = [click for click in events if click.kind == COUPON_ATTEMPT]
    assert [window[-1] for _, window in found] == tries
    for (time_ms, window), trigger in zip(found, tries, strict=True):
        assert time_ms == trigger.event_time_ms
        others = [one for one in events if one is not trigger and time_ms - WINDOW_MS <= one.event_time_ms <= time_ms]
        assert window[:-1] == others


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (view("x", RULE_WINDOW_MS), True),
        (view("x", RULE_WINDOW_MS + 1), False),
        (view("x", 0), True),
        (view("x", 5, DEAR_MICRO - 1), False),
        (view("x", 5, None), False),
    ],
)
def test_the_bounds_of_the_reference_rule(last: Click, expected: bool) -> None:
    window = [*(view(f"v{number}", 10) for number in range(RULE_VIEWS_MAX)), last, TRY]
    assert is_reference(window) is expected
    assert ("x" in reference_views(window)) is expected


def test_the_rule_of_the_recipe_is_that_of_the_engine() -> None:
    for case in sessions(7):
        alerts = Partition(Rulebook.built_in()).add(case.clicks).alerts
        raised = {alert.evidence[-1] for alert in alerts if alert.state is AlertState.OPEN}
        assert raised == {window[-1].event_id for _, window in attempts(case.clicks) if is_reference(window)}


def test_each_visit_gives_as_many_sessions_each_with_an_attempt() -> None:
    items = tuple(f"i{number}" for number in range(400))
    visits = [Visit(f"v{number}", number, tuple(range(0, 400_000, 1_000)), items) for number in range(3)]
    made = list(make_cases(visits, 20, seed=1))
    assert made == list(make_cases(visits, 20, seed=1))
    assert made != list(make_cases(visits, 20, seed=2))
    assert len({case.session_id for case in made}) == 60
    assert [case.week for case in made] == [0] * 20 + [1] * 20 + [2] * 20
    assert all(any(click.kind == COUPON_ATTEMPT for click in case.clicks) for case in made)
