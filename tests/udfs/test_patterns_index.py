from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.clicks import sessions
from tests.oracles.patterns import matches
from tests.oracles.sessions import case
from udfs.clicks import Click
from udfs.patterns_index import TRIM_LENGTH_MIN, Index, Selectors, predicate
from udfs.rules import CoreRule, Filter

CLICKS = sessions(9)
TIMES = st.integers(-1, 10)


def in_order(clicks: list[Click]) -> list[Click]:
    return sorted(clicks, key=lambda click: (click.event_time_ms, click.event_id))


@given(st.integers(0, 1 << 32))
def test_a_filter_means_what_it_says(seed: int) -> None:
    made = case(seed, 5)
    rules = [version.rule for history in made.histories for version in history.versions]
    filters = [term.of for rule in rules if isinstance(rule, CoreRule) for term in rule.when]
    for wanted in (*filters, *(rule.trigger for rule in rules)):
        check = predicate(wanted)
        assert [check(click) for click in made.clicks] == [matches(wanted, click) for click in made.clicks]


def test_a_filter_that_two_rules_name_is_one_selector() -> None:
    selectors = Selectors()
    one, same, other = (Filter.model_validate({"kind": kind}) for kind in ("view", ["view"], "purchase"))
    assert selectors.of(one) is selectors.of(same)
    assert selectors.of(one) is not selectors.of(other)


@given(CLICKS, CLICKS, st.randoms())
def test_however_clicks_come_they_stand_in_order(first: list[Click], later: list[Click], rng: Random) -> None:
    known = {click.event_id for click in first}
    added = [click for click in later if click.event_id not in known]
    index = Index(first)
    for click in added:
        rng.choice((lambda: None, lambda: index.total_micro(0, len(index.clicks))))()
        index.add(click)
    assert index.clicks == in_order([*first, *added])
    assert index.times == [click.event_time_ms for click in index.clicks]


@given(CLICKS, TIMES, TIMES)
def test_between_holds_both_ends(clicks: list[Click], from_ms: int, to_ms: int) -> None:
    start, end = Index(clicks).between(from_ms, to_ms)
    expected = [click for click in in_order(clicks) if from_ms <= click.event_time_ms <= to_ms]
    assert in_order(clicks)[start:end] == expected


@given(CLICKS, CLICKS)
def test_a_click_has_the_same_place_whether_it_stands_there_or_not(clicks: list[Click], others: list[Click]) -> None:
    index = Index(clicks)
    for click in (*clicks, *others):
        at = (click.event_time_ms, click.event_id)
        before = sum((one.event_time_ms, one.event_id) < at for one in clicks)
        here = any((one.event_time_ms, one.event_id) == at for one in clicks)
        assert (index.position(click), index.behind(click)) == (before, before + here)


@given(CLICKS, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1), st.randoms())
def test_sums_are_those_of_the_prices_whatever_was_added_since(
    clicks: list[Click], asked: list[tuple[int, int]], rng: Random
) -> None:
    index = Index()
    rng.shuffle(clicks)
    for click in clicks:
        index.add(click)
        for bounds in asked:
            start, end = sorted(min(bound, len(index.clicks)) for bound in bounds)
            assert index.total_micro(start, end) == sum(one.price_micro or 0 for one in index.clicks[start:end])


@pytest.mark.parametrize("summed", [0, 20, 2 * TRIM_LENGTH_MIN])
def test_what_is_forgotten_is_at_least_half_and_changes_no_sum(summed: int) -> None:
    clicks = [Click("s", f"e{at:03d}", at, "view", price_micro=at) for at in range(2 * TRIM_LENGTH_MIN)]
    index = Index(clicks)
    index.total_micro(0, summed)
    index.forget(TRIM_LENGTH_MIN - 1)
    assert index.clicks == clicks
    index.forget(TRIM_LENGTH_MIN)
    assert index.clicks == clicks[TRIM_LENGTH_MIN:]
    assert index.times[0] == TRIM_LENGTH_MIN
    assert index.total_micro(1, 4) == sum(range(TRIM_LENGTH_MIN + 1, TRIM_LENGTH_MIN + 4))
