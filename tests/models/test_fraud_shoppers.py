from collections import Counter
from random import Random

from models.fraud_shoppers import browse, buy, code, fill_cart, honest, honest_codes, try_coupons
from models.fraud_visits import Script, Visit

TIMES_MS = tuple(range(1_000, 61_000, 10_000))
ITEMS = tuple(f"item-{number}" for number in range(len(TIMES_MS)))


def script(seed: int) -> Script:
    return Script(Random(seed), Visit("v", 0, TIMES_MS, ITEMS), ("dear",), "s")


def test_views_are_those_of_the_visit_but_for_haste_and_taste() -> None:
    plain = 0
    for seed in range(100):
        made = script(seed)
        items = browse(made, views_max=4)
        clicks = made.case("honest").clicks
        assert [click.item_id for click in clicks] == items
        assert len(items) == 4
        assert clicks[0].event_time_ms == TIMES_MS[0]
        assert all(item in {own, "dear"} for item, own in zip(items, ITEMS, strict=False))
        plain += [click.event_time_ms for click in clicks] == list(TIMES_MS[:4]) and items == list(ITEMS[:4])
    assert 75 < plain < 97


def test_carts_hold_what_was_looked_at() -> None:
    for seed in range(50):
        made = script(seed)
        fill_cart(made, ["a", "b"])
        counts = Counter((click.kind, click.item_id) for click in made.case("honest").clicks)
        for item in ("a", "b"):
            assert counts["add_to_cart", item] - counts["remove_from_cart", item] in {0, 1}
        assert {item for _, item in counts} <= {"a", "b"}


def test_codes_are_tried_in_their_order_and_a_purchase_follows_a_checkout() -> None:
    made = script(1)
    try_coupons(made, ["A", "B", "C"], gap_s=5)
    buy(made, pace_s=5)
    clicks = made.case("honest").clicks
    assert [click.coupon for click in clicks] == ["A", "B", "C", "", ""]
    assert [click.kind for click in clicks[3:]] == ["checkout", "purchase"]


def test_honest_codes_are_one_and_its_misspellings_or_a_list() -> None:
    for seed in range(100):
        made = script(seed)
        codes = honest_codes(made, 4)
        assert len(codes) == 4
        assert honest_codes(made, 1) != [""]
    assert code(script(1))[-1].isdigit()


def test_most_honest_customers_try_once_and_many_buy() -> None:
    tried, bought = Counter[int](), 0
    for seed in range(400):
        made = script(seed)
        honest(made)
        kinds = [click.kind for click in made.case("honest").clicks]
        tried[kinds.count("coupon_attempt")] += 1
        bought += "purchase" in kinds
    assert 0.6 < tried[1] / 400 < 0.8
    assert 0.5 < bought / 400 < 0.7
    assert 0 not in tried
