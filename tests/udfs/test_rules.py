"""What a rule may say; how its refusals are told to people is tested in wiregraph/test_rules_file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.oracles.sessions import case
from udfs.rules import RULE, BatchRule, Before, CoreRule, Count, Sum, rule_fields

VIEWS = {"kind": "view"}
CORE = {"name": "r", "why": "W", "trigger": {"kind": "checkout"}}
BATCH = {**CORE, "tier": "batch", "across": "user", "at_least": 3, "within": "10s"}


def core(**fields: object) -> CoreRule:
    rule = RULE.validate_python({**CORE, **fields})
    assert isinstance(rule, CoreRule)
    return rule


@given(st.integers(0, 1 << 32))
def test_a_rule_is_read_as_it_is_written(seed: int) -> None:
    for history in case(seed, 1).histories:
        for version in history.versions:
            assert RULE.validate_python(rule_fields(version.rule)) == version.rule


def test_terms_are_told_apart_by_their_first_word() -> None:
    count, total, before = core(
        when=[
            {"count": VIEWS, "more_than": 5, "within": "2m"},
            {"sum": VIEWS, "at_least": 0.5, "within": "1m"},
            {"before": VIEWS, "within": "30s"},
        ]
    ).when
    assert isinstance(count, Count)
    assert isinstance(total, Sum)
    assert isinstance(before, Before)
    assert (count.least, total.least, before.times) == (6, 500_000, 1)


def test_how_far_a_rule_looks() -> None:
    when = [{"count": VIEWS, "at_least": 1, "within": within} for within in ("1m", "3m")]
    rule = core(when=when, unless={"happens": VIEWS, "within": "7m"})
    assert (rule.before_ms, rule.after_ms) == (180_000, 420_000)
    assert (core().before_ms, core().after_ms) == (0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "-r"},
        {"name": "cascade"},
        {"why": ""},
        {"why": "two\nlines"},
        {"unknown": 1},
        {"trigger": {"kind": "look"}},
        {"trigger": {"kind": []}},
        {"trigger": {**VIEWS, "price": {}}},
        {"trigger": {**VIEWS, "price": {"min": 3, "max": 2}}},
        {"trigger": {**VIEWS, "coupon": {}}},
        {"trigger": {**VIEWS, "coupon": {"present": True, "equals": "A"}}},
        {"when": [{"count": VIEWS, "within": "1m"}]},
        {"when": [{"count": VIEWS, "within": "1m", "at_least": 1, "more_than": 1}]},
        {"when": [{"count": VIEWS, "within": "1m", "at_least": 0}]},
        {"when": [{"sum": VIEWS, "within": "1m"}]},
        {"when": [{"before": VIEWS, "within": "1m", "times": 0}]},
        {"when": [{"count": VIEWS, "within": "1m", "at_least": 1}] * 9},
        {"when": [{"count": VIEWS, "within": "6m", "at_least": 1}], "unless": {"happens": VIEWS, "within": "5m"}},
        {"enabled": "yes"},
        {"score": 2},
        {"tier": "fast"},
        {"across": "user"},
    ],
    ids=str,
)
def test_what_a_core_rule_cannot_say(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        core(**fields)


def test_what_a_batch_rule_says() -> None:
    rule = RULE.validate_python({**BATCH, "at_least": None, "more_than": 3})
    assert isinstance(rule, BatchRule)
    assert (rule.least, rule.counting, rule.within_ms) == (4, "sessions", 10_000)


@pytest.mark.parametrize(
    "fields",
    [
        {"within": "12s"},
        {"trigger": VIEWS},
        {"trigger": {"kind": ["checkout", "view"]}},
        {"at_least": None},
        {"more_than": 3},
        {"across": "session"},
        {"counting": "prices"},
        {"when": []},
    ],
    ids=str,
)
def test_what_a_batch_rule_cannot_say(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RULE.validate_python({**BATCH, **fields})
