from typing import Any

import pytest

from udfs.alerts import AlertState
from udfs.clicks import KINDS, Click, Kind
from udfs.patterns_index import Selectors
from udfs.patterns_program import Program, changed_from_ms, withdrawable
from udfs.patterns_session import ActiveSession
from udfs.rule_values import WINDOW_MAX_MS
from udfs.rulebook import COUPON_ABUSE, Rulebook, RuleHistory, RuleVersion
from udfs.rules import MATCH_KINDS, RULE, CoreRule

DEAR = {"kind": "view", "price": {"min": 200}}


def rule(**fields: Any) -> CoreRule:  # noqa: ANN401 - whatever a rule may say
    made = RULE.validate_python({"name": "r", "why": "Why", "trigger": {"kind": "checkout"}, **fields})
    assert isinstance(made, CoreRule)
    return made


def book(*versions: tuple[int, CoreRule]) -> Rulebook:
    numbered = tuple(RuleVersion(number, from_ms, one) for number, (from_ms, one) in enumerate(versions, 1))
    return Rulebook().with_history(RuleHistory("r", numbered))


def program(*versions: tuple[int, CoreRule], scores: bool = False) -> Program:
    return Program(book(*versions), Selectors(), scores=scores)


def click(kind: Kind, time_ms: int = 100, price: float | None = None) -> Click:
    return Click("s", f"{kind}{time_ms}", time_ms, kind, price_micro=None if price is None else int(price * 1e6))


def test_the_version_of_the_triggers_time_decides_where_its_filter_matches() -> None:
    made = program(
        (0, rule()), (50, rule(enabled=False)), (80, rule(trigger={"kind": "checkout", "price": {"min": 5}}))
    )
    at = [made.rules_at(click("checkout", time_ms, 5)) for time_ms in (-1, 0, 49, 50, 79, 80)]
    assert [[one.version for one in found] for found in at] == [[], [1], [1], [], [], [3]]
    assert made.rules_at(click("checkout", 80, 4)) == made.rules_at(click("view", 80, 5)) == []


def test_triggers_are_of_all_versions_and_the_cascades() -> None:
    versions = ((0, rule()), (50, rule(trigger={"kind": "purchase"})))
    assert program(*versions).triggers == {"checkout", "purchase"}
    assert program(*versions, scores=True).triggers == {"checkout", "purchase", "coupon_attempt"}
    assert program((0, rule(trigger={"kind": "view"}))).decisive == {"view", *MATCH_KINDS}


def test_how_far_off_the_triggers_lie_that_a_click_touches() -> None:
    made = program(
        (0, rule(when=[{"count": DEAR, "at_least": 1, "within": within} for within in ("1m", "2m")])),
        (9, rule(unless={"happens": {"kind": ["view", "purchase"]}, "within": "3m"})),
        (10, rule(when=[{"before": {"kind": "purchase"}, "without": {"kind": "checkout"}, "within": "5m"}])),
        (11, rule(enabled=False, when=[{"count": {"kind": "add_to_cart"}, "at_least": 1, "within": "1m"}])),
    )
    reach = {(kind, price): made.reach(click(kind, price=price)) for kind in KINDS.values() for price in (199, 200)}
    assert reach["view", 200] == (120_000, 180_000)
    assert reach["view", 199] == (0, 180_000)
    assert reach["purchase", 199] == (300_000, 180_000)
    assert reach["checkout", 199] == (300_000, 0)
    assert reach["add_to_cart", 199] is None
    assert made.after_ms == 180_000
    assert program((0, rule()), scores=True).reach(click("add_to_cart")) == (WINDOW_MAX_MS, 0)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"when": [{"count": DEAR, "at_least": 1, "within": "1m"}]}, False),
        ({"when": [{"before": DEAR, "within": "1m"}]}, False),
        ({"when": [{"before": DEAR, "without": {"kind": "purchase"}, "within": "1m"}]}, True),
        ({"unless": {"happens": DEAR, "within": "1m"}}, True),
    ],
)
def test_what_a_late_click_can_break(fields: dict[str, Any], expected: bool) -> None:
    assert withdrawable(rule(**fields)) is expected
    assert program((0, rule(**fields))).withdraws is expected
    assert program((0, rule(**fields)), scores=True).withdraws


def test_an_alert_says_what_was_measured() -> None:
    terms = [
        {"count": DEAR, "at_least": 1, "within": "1m"},
        {"sum": DEAR, "at_least": 1, "within": "2m"},
        {"count": {"kind": "view"}, "at_least": 1, "within": "1m"},
    ]
    made = program((0, rule(when=terms, score=0.5)))
    trigger, views = click("checkout", 100), [click("view", 10, 200.5), click("view", 20, 1)]
    session = ActiveSession({one.event_id: one for one in (*views, trigger)}, [trigger], {})
    (ready,) = made.rules_at(trigger)
    assert ready.holds(session, trigger)
    assert ready.alert_version(session, trigger) == 3
    alert = ready.alert(session, trigger, AlertState.OPEN)
    assert alert.features == {"count": 1, "sum": 200.5, "count_3": 2}
    assert alert.why == "Why (count 1, sum 200.5, count_3 2)"
    assert (alert.version, alert.score_micro, alert.window_ms) == (3, 500_000, 120_000)
    assert alert.evidence == ("view10", "view20", "checkout100")
    assert ready.alert(session, trigger, AlertState.WITHDRAWN, 9).version == 9


def test_books_differ_from_the_first_moment_that_a_version_was_added_for() -> None:
    first, other = book((0, rule())), Rulebook.built_in()
    longer = book((0, rule()), (70, rule()), (50, rule()))
    assert changed_from_ms(first, first) is None
    assert changed_from_ms(first, longer) == 50
    assert changed_from_ms(first, other) == 0
    assert changed_from_ms(other, other.with_history(RuleHistory("r", (RuleVersion(1, 30, COUPON_ABUSE),)))) == 30
