from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.sessions import case, history, rate
from udfs.rulebook import COUPON_ABUSE, Rulebook, RuleError, RuleHistory, RuleVersion, history_row, parse_history

FIRST = RuleHistory(COUPON_ABUSE.name, (RuleVersion(1, 0, COUPON_ABUSE),))
RATE = rate(Random(0), "rate")


@given(st.integers(0, 1 << 32))
def test_a_history_travels_as_its_row(seed: int) -> None:
    rng = Random(seed)
    for made in (*case(seed, 1).histories, history(rng, rate(rng, "rate"))):
        assert parse_history(history_row(made)) == made


@pytest.mark.parametrize(("time_ms", "version"), [(-1, None), (0, 1), (9, 1), (10, 3), (99, 3)])
def test_the_last_version_put_of_those_effective_decides(time_ms: int, version: int | None) -> None:
    made = FIRST.with_version(COUPON_ABUSE, 20).with_version(COUPON_ABUSE, 10)
    found = made.at(time_ms)
    assert (found.version if found else None) == version


def test_a_rule_that_is_disabled_decides_about_nothing() -> None:
    disabled = COUPON_ABUSE.model_copy(update={"enabled": False})
    book = Rulebook().with_history(FIRST.with_version(disabled, 10).with_version(COUPON_ABUSE, 20))
    found = [book.at(COUPON_ABUSE.name, time_ms) for time_ms in (0, 10, 20)]
    assert [one.version if one else None for one in found] == [1, None, 3]
    assert book.at("another", 0) is None


def test_a_shorter_history_never_replaces_a_longer_one() -> None:
    longer = Rulebook().with_history(FIRST.with_version(COUPON_ABUSE, 10))
    assert longer.with_history(FIRST) is longer
    assert Rulebook().with_history(FIRST).with_history(longer.histories[FIRST.name]) == longer


def test_a_history_is_of_both_tiers_where_its_versions_are() -> None:
    rates = RuleHistory("rate", (RuleVersion(1, 0, RATE),))
    both = RuleHistory("both", (RuleVersion(1, 0, RATE), RuleVersion(2, 0, COUPON_ABUSE)))
    book = Rulebook().with_history(rates).with_history(both).with_history(FIRST)
    assert [one.name for one in book.core()] == ["both", COUPON_ABUSE.name]
    assert [one.name for one in book.batch()] == ["both", "rate"]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"7", b'{"kind": "erasure"}', b'{"name": "coupon-abuse"}'])
def test_what_is_no_rule_is_left_to_others(value: bytes | None) -> None:
    assert parse_history(value) is None


@pytest.mark.parametrize(
    "change",
    [
        {"versions": []},
        {"versions": None},
        {"versions": {"1": {}}},
        {"versions": [7]},
        {"name": "another"},
        {"name": None},
        {"version": 2},
        {"version": "one"},
        {"version": None},
        {"effective_from": "yesterday"},
        {"rule": None},
        {"rule": {"name": "coupon-abuse"}},
    ],
    ids=str,
)
def test_a_broken_rule_is_refused(change: dict[str, Any]) -> None:
    fields = orjson.loads(history_row(FIRST))
    for name, value in change.items():
        (fields if name in {"versions", "name"} else fields["versions"][0])[name] = value
    with pytest.raises(RuleError, match="on control"):
        parse_history(orjson.dumps(fields))


def test_versions_of_two_names_are_refused() -> None:
    mixed = RuleHistory("rate", (FIRST.versions[0], RuleVersion(2, 0, RATE)))
    with pytest.raises(RuleError, match="of other names"):
        parse_history(history_row(mixed))
