"""Decode of clicks: every valid record becomes a click, everything else a reason, and nothing raises."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.clicks import KINDS, PRICE_MAX, Click, _careful, _quick, decode_click, price_micro
from udfs.decode import Reason, Refused, RefusedError
from udfs.pseudonyms import Pseudonyms
from udfs.records import MICRO

TIME_MS = 1_221_436_800_000
DAY_MS = 86_400_000
VIEW = {"session_id": "s1", "event_id": "e1", "event_time": TIME_MS, "kind": "view"}
PSEUDONYMS = Pseudonyms(b"a key of the tests")


def click(**fields: object) -> Click | Refused:
    return decode_click(json.dumps({**VIEW, **fields}).encode(), TIME_MS, PSEUDONYMS)


def reason(**fields: object) -> Reason:
    result = click(**fields)
    assert isinstance(result, Refused), result
    assert result.detail.isascii()
    return result.reason


def test_click_with_everything() -> None:
    found = click(
        kind="coupon_attempt", user_id="ann", item_id="i1", price=199.99, coupon="SAVE10", referrer="unknown fields"
    )
    assert found == Click("s1", "e1", TIME_MS, "coupon_attempt", PSEUDONYMS("ann"), "i1", 199_990_000, "SAVE10")


def test_what_may_be_absent() -> None:
    bare = Click("s1", "e1", TIME_MS, "view")
    assert click() == click(user_id=None, item_id=None, price=None, coupon=None) == click(user_id="") == bare


@pytest.mark.parametrize(
    "time",
    [
        TIME_MS,
        "2008-09-15T00:00:00Z",
        "2008-09-15T00:00:00.000Z",
        "2008-09-15t02:00:00+02:00",
        "2008-09-15 00:00:00.000000Z",
    ],
)
def test_times(time: object) -> None:
    assert click(event_time=time) == click()


@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind: str) -> None:
    found = click(kind=kind)
    assert isinstance(found, Click)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, Reason.NO_VALUE),
        (b"[]", Reason.WRONG_SHAPE),
        (b"\xff{}", Reason.NOT_UTF8),
        (b'{"price": NaN}', Reason.NOT_JSON),
        (b'{"price": Infinity}', Reason.NOT_JSON),
        (b'{"session_id": "\\ud800"}', Reason.UNENCODABLE),
        (b'{"a":' * 2_000, Reason.TOO_DEEP),
    ],
)
def test_refused_values(value: bytes | None, why: Reason) -> None:
    result = decode_click(value, TIME_MS, PSEUDONYMS)
    assert isinstance(result, Refused)
    assert result.reason is why


@pytest.mark.parametrize("name", ["session_id", "event_id"])
def test_ids(name: str) -> None:
    assert reason(**{name: None}) is Reason.MISSING_FIELD
    assert reason(**{name: " "}) is Reason.EMPTY_FIELD
    assert reason(**{name: ""}) is Reason.EMPTY_FIELD
    for bad in (7, "a\x1fb", "a\u2028b", "a\x00", "x" * 513, ["a"], True):
        assert reason(**{name: bad}) is Reason.BAD_FIELD, bad
    assert isinstance(click(**{name: "é" * 512}), Click)
    assert isinstance(click(**{name: " a b"}), Click)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kind": None}, Reason.MISSING_FIELD),
        ({"kind": "VIEW"}, Reason.BAD_FIELD),
        ({"kind": ["view"]}, Reason.BAD_FIELD),
        ({"event_time": None}, Reason.MISSING_FIELD),
        ({"event_time": "yesterday"}, Reason.BAD_TIME),
        ({"event_time": -1}, Reason.BAD_TIME),
        ({"event_time": 1.5}, Reason.BAD_TIME),
        ({"event_time": True}, Reason.BAD_TIME),
        ({"event_time": "2008-13-15T00:00:00Z"}, Reason.BAD_TIME),
        ({"event_time": TIME_MS + DAY_MS + 1}, Reason.FUTURE_TIME),
        ({"price": -0.01}, Reason.BAD_FIELD),
        ({"price": PRICE_MAX + 1}, Reason.BAD_FIELD),
        ({"price": "200"}, Reason.BAD_FIELD),
        ({"price": True}, Reason.BAD_FIELD),
        ({"user_id": 7}, Reason.BAD_FIELD),
        ({"user_id": 0}, Reason.BAD_FIELD),
        ({"user_id": "x" * 513}, Reason.BAD_FIELD),
        ({"item_id": {}}, Reason.BAD_FIELD),
        ({"coupon": "a\x00"}, Reason.BAD_FIELD),
        ({"coupon": "x" * 2_049}, Reason.BAD_FIELD),
    ],
)
def test_refused_fields(fields: dict[str, Any], why: Reason) -> None:
    assert reason(**fields) is why


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 1 << 70),
    st.floats(),
    st.text(max_size=8),
    st.text(st.sampled_from("Za09-:.T +\x1f\x9f\u2028\xa0é"), max_size=25),
    st.sampled_from(["2008-09-15T13:30:00Z", "2008-09-15T13:30:00.123Z", "2008-09-15T13:30:60Z", "view", "x" * 600]),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2),
)
NAMES = ("session_id", "event_id", "event_time", "kind", "user_id", "item_id", "price", "coupon")


@given(st.dictionaries(st.sampled_from(NAMES), ODD, max_size=4), st.sets(st.sampled_from(NAMES), max_size=2))
def test_the_quick_way_is_the_careful_one(odd: dict[str, Any], missing: set[str]) -> None:
    fields = {name: value for name, value in {**VIEW, "coupon": "C", **odd}.items() if name not in missing}
    try:
        careful = _careful(fields, TIME_MS, PSEUDONYMS)
    except RefusedError:
        careful = None
    assert _quick(fields, TIME_MS, PSEUDONYMS) in (None, careful)


def test_what_producers_write_goes_the_quick_way() -> None:
    fields = {**VIEW, "event_time": "2008-09-15T00:00:00Z", "user_id": "ann", "item_id": "i1", "price": 20.5}
    assert _quick(fields, TIME_MS, PSEUDONYMS) is not None


@given(st.integers(0, PRICE_MAX * 100))
def test_prices_of_cents_are_exact(cents: int) -> None:
    assert price_micro(cents / 100) == cents * (MICRO // 100)


@given(st.floats(0, 100_000), st.integers(0, 100_000 * MICRO))
def test_no_price_reaches_a_bound_from_below(price: float, bound: int) -> None:
    assert (price_micro(price) >= bound) == (price >= bound / MICRO)
    below = math.nextafter(bound / MICRO, 0)
    assert bound == 0 or price_micro(below) < bound
