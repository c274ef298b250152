from math import log1p

import pytest

from udfs.clicks import KINDS, Click, Kind
from udfs.session_features import WINDOW_MS
from udfs.session_sequence import SEQUENCE_MAX, STEP_FEATURES, sequence

NOW_MS = 1_700_000_000_000


def click(before_ms: int, kind: Kind = "view", item: str = "", price: int | None = None, coupon: str = "") -> Click:
    return Click("s", f"e{before_ms:09d}", NOW_MS - before_ms, kind, "", item, price, coupon)


def test_each_click_is_a_kind_and_a_step() -> None:
    found = sequence(
        [
            click(9_000, item="a", price=250_000_000),
            click(4_000, "add_to_cart", "b", 0),
            click(3_000, item="a"),
            click(2_000),
            click(2_000, "coupon_attempt", coupon="SAVE10"),
            click(0, "coupon_attempt", coupon="SAVE10"),
        ]
    )
    assert [list(KINDS)[code] for code in found.kinds[0]] == [
        "view", "add_to_cart", "view", "view", "coupon_attempt", "coupon_attempt",
    ]  # fmt: skip
    assert STEP_FEATURES == ("gap_log", "price_log", "is_item_seen", "is_coupon_new")
    expected = [
        (0, log1p(250), 0, 0),
        (log1p(5_000), 0, 0, 0),
        (log1p(1_000), 0, 1, 0),
        (log1p(1_000), 0, 0, 0),
        (0, 0, 0, 1),
        (log1p(2_000), 0, 0, 0),
    ]
    assert [tuple(step) for step in found.steps[0].tolist()] == [pytest.approx(step) for step in expected]


def test_only_the_latest_clicks_of_the_window_are_seen() -> None:
    many = [click(before_ms, item=f"i{before_ms}") for before_ms in range(SEQUENCE_MAX + 5, -1, -1)]
    assert sequence(many).steps.tolist() == sequence(many[-SEQUENCE_MAX:]).steps.tolist()
    assert sequence(many).kinds.shape == (1, SEQUENCE_MAX)
    old = [click(WINDOW_MS + 1), click(WINDOW_MS), click(0)]
    assert sequence(old).kinds.shape == (1, 2)


def test_no_click_is_refused() -> None:
    with pytest.raises(ValueError, match="without clicks"):
        sequence([])
