import pytest

from udfs.clicks import Click
from udfs.session_features import FEATURES, PLACE, WINDOW_MS, vector
from udfs.session_words import WORDS, describe

NOW_MS = 1_700_000_000_000
CLICKS = [
    Click("s", "e1", NOW_MS - 60_000, "view", "u:1", "a", 250_000_000),
    Click("s", "e2", NOW_MS - 30_500, "view", "u:1", "a", 99_000_000),
    Click("s", "e3", NOW_MS - 30_000, "add_to_cart", "u:1", "b", 250_000_000),
    Click("s", "e4", NOW_MS - 29_000, "remove_from_cart", "u:1", "b"),
    Click("s", "e5", NOW_MS - 28_000, "add_to_cart", "u:1", "b", 250_000_000),
    Click("s", "e6", NOW_MS - 2_500, "coupon_attempt", "u:1", coupon="SAVE10"),
    Click("s", "e7", NOW_MS, "coupon_attempt", "u:1", coupon="SAVE20"),
]


def test_each_feature_has_its_words() -> None:
    assert list(WORDS) == list(FEATURES)
    assert len({words for words, _ in WORDS.values()}) == len(FEATURES)
    with pytest.raises(KeyError):
        describe("age", 1.0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("view_log", "views 2"),
        ("events_log", "clicks in ten minutes 7"),
        ("view_share", "share of views 29%"),
        ("dear_added", "high-value items put in the cart 2"),
        ("events_10s_log", "clicks in ten seconds 2"),
        ("span_log", "time since the first click 60.0 s"),
        ("gap_least_log", "shortest gap 0.5 s"),
        ("gap_last_log", "gap before the attempt 2.5 s"),
        ("price_last_log", "price of the last view 99.00"),
        ("price_most_log", "highest price of views 250.00"),
        ("added_value_log", "value put in the cart 500.00"),
        ("items_log", "different items 2"),
        ("item_repeats_most", "clicks on one item 3"),
        ("put_back", "items put back in the cart 1"),
        ("coupons_log", "different coupons 2"),
        ("coupon_first", "first attempt no"),
        ("attempts_60s", "coupon attempts in a minute 2"),
        ("attempt_gap_log", "time since the attempt before 2.5 s"),
        ("coupon_likeness", "likeness of the coupon to the one before 83%"),
        ("coupon_length", "characters of the coupon 6"),
        ("since_purchase_log", f"time since a purchase {WINDOW_MS // 1_000}.0 s"),
        ("has_user", "signed in yes"),
    ],
)
def test_what_a_session_did_is_said_in_the_units_of_people(name: str, said: str) -> None:
    assert describe(name, float(vector(CLICKS)[PLACE[name]])) == said
