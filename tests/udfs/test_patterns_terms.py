"""Terms equal their definitions, read out loud by the oracle."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.patterns import raised
from tests.oracles.sessions import case
from udfs.clicks import Click
from udfs.patterns_index import Index, Selector, Selectors
from udfs.patterns_terms import AbsenceTerm, Span, evidence, evidence_count, ready, ready_absence, wanted
from udfs.rules import RULE, CoreRule

MINUTE_MS = 60_000


class Indexed:
    """All clicks of a session by selector."""

    def __init__(self, clicks: list[Click]) -> None:
        self._clicks = clicks

    def index(self, selector: Selector) -> Index:
        return Index(filter(selector.matches, self._clicks))


def rule(**fields: Any) -> CoreRule:  # noqa: ANN401 - whatever a rule may say
    made = RULE.validate_python({"name": "r", "why": "W", "trigger": {"kind": "checkout"}, **fields})
    assert isinstance(made, CoreRule)
    return made


@given(st.integers(0, 1 << 32))
def test_terms_hold_and_look_at_what_the_oracle_says(seed: int) -> None:
    made, selectors = case(seed, 1), Selectors()
    events = sorted(dict.fromkeys(made.clicks), key=lambda one: (one.event_time_ms, one.event_id))
    rules = [version.rule for history in made.histories for version in history.versions]
    terms = [term for rule in rules if isinstance(rule, CoreRule) for term in rule.when]
    for written in terms:
        term, alone = ready(written, selectors), rule(when=[]).model_copy(update={"when": (written,)})
        for trigger in events:
            looked_at = raised(alone, events, trigger)
            assert term.holds(Indexed(events), trigger) == (looked_at is not None)
            spans = term.considered(Indexed(events), trigger)
            considered = {one.event_id for span in spans for one in span.of.clicks[span.start : span.end]}
            assert considered == {one.event_id for one in events if term.considers(one, trigger)}
            assert looked_at is None or {one.event_id for one in looked_at} == considered


def test_an_absence_is_broken_strictly_behind_the_trigger_until_its_end() -> None:
    term = ready_absence(rule(unless={"happens": {"kind": "purchase"}, "within": "1m"}).unless, Selectors())
    assert isinstance(term, AbsenceTerm)
    trigger = Click("s", "m", 100_000, "purchase")
    for event_id, time_ms, holds in [
        ("a", 100_000, True),
        ("z", 100_000, False),
        ("a", 160_000, False),
        ("a", 160_001, True),
        ("z", 99_999, True),
    ]:
        session = Indexed([trigger, Click("s", event_id, time_ms, "purchase")])
        assert term.holds(session, trigger) is holds, (event_id, time_ms)
    assert ready_absence(None, Selectors()) is None


def test_a_sum_counts_an_event_without_price_as_evidence_alone() -> None:
    (written,) = rule(when=[{"sum": {"kind": "view"}, "at_least": 1, "within": "1m"}]).when
    term, trigger = ready(written, Selectors()), Click("s", "t", MINUTE_MS, "checkout")
    session = Indexed([Click("s", "v1", 0, "view", price_micro=900_000), Click("s", "v2", 1, "view")])
    assert (term.measure(session, trigger), term.holds(session, trigger)) == (900_000, False)
    assert evidence_count(term.considered(session, trigger), trigger) == 3


def test_the_filters_of_a_term_with_how_far_it_looks() -> None:
    (written,) = rule(when=[{"before": {"kind": "view"}, "without": {"kind": "purchase"}, "within": "2m"}]).when
    assert [(of.kind, within_ms) for of, within_ms in wanted(written)] == [
        (("view",), 120_000),
        (("purchase",), 120_000),
    ]


@pytest.mark.parametrize("spans_count", [0, 1, 2, 3])
@given(seed=st.integers(0, 1 << 32))
def test_evidence_names_each_click_once_and_counts_what_it_names(spans_count: int, seed: int) -> None:
    rng = Random(seed)
    clicks = [Click("s", f"e{number}", rng.randrange(5), "view") for number in range(rng.randint(1, 9))]
    trigger, spans = rng.choice(clicks), []
    for _ in range(spans_count):
        index = Index(rng.sample(clicks, rng.randint(1, len(clicks))))
        start, end = index.between(0, rng.randrange(5))
        spans.append(Span(index, start, end))
    found = evidence(spans, trigger)
    named = {one.event_id: one for span in spans for one in span.of.clicks[span.start : span.end]}
    named.pop(trigger.event_id, None)
    assert found.clicks == (*sorted(named.values(), key=lambda one: (one.event_time_ms, one.event_id)), trigger)
    assert found.version == len(found.clicks) == evidence_count(spans, trigger)
