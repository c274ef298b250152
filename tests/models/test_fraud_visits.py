from pathlib import Path
from random import Random

import pytest

from models.fraud_visits import (
    CLICKS_FILE,
    DEAR_MICRO,
    FIRST_MS,
    WEEK_MS,
    WEEKS,
    Script,
    Visit,
    dear_items,
    price_micro,
    read_visits,
    week_start_ms,
)

ITEMS = tuple(f"i{number}" for number in range(3_000))


def test_visits_are_moved_by_whole_weeks_and_their_views_put_in_order(tmp_path: Path) -> None:
    file = tmp_path / CLICKS_FILE
    file.parent.mkdir()
    first_s = FIRST_MS / 1_000
    file.write_text(f"session\titem\ttime\n10\tb\t{first_s + 2.5}\n9\tc\t{first_s}\n10\ta\t{first_s + 1}\n")
    nine, ten = read_visits(tmp_path)
    assert (nine.visit_id, ten.visit_id, ten.items) == ("9", "10", ("a", "b"))
    assert ten.times_ms == (week_start_ms(ten.week) + 1_000, week_start_ms(ten.week) + 2_500)
    assert all(0 <= visit.week < WEEKS for visit in (nine, ten))
    assert week_start_ms(1) - week_start_ms(0) == WEEK_MS


def test_prices_are_whole_cents_and_a_tenth_of_them_dear() -> None:
    prices = [price_micro(item) for item in ITEMS]
    assert all(price > 0 and price % 10_000 == 0 for price in prices)
    assert prices == [price_micro(item) for item in ITEMS]
    assert sum(price >= DEAR_MICRO for price in prices) / len(prices) == pytest.approx(0.1, abs=0.02)
    visit = Visit("v", 0, tuple(range(len(ITEMS))), ITEMS)
    assert dear_items([visit, visit]) == tuple(sorted(item for item in ITEMS if price_micro(item) >= DEAR_MICRO))


def test_a_script_puts_its_clicks_in_order() -> None:
    script = Script(Random(1), Visit("v", 2, (1_000,), ("a",)), ("d",), "s")
    assert script.end_ms == 1_000
    script.add(5_000, "checkout")
    script.add(2_000.4, "view", "a")
    script.add(5_000, "coupon_attempt", coupon="SAVE10")
    assert script.end_ms == 5_000
    case = script.case("honest")
    assert [(click.kind, click.event_time_ms) for click in case.clicks] == [
        ("view", 2_000),
        ("checkout", 5_000),
        ("coupon_attempt", 5_000),
    ]
    assert [click.event_id for click in case.clicks] == ["s-0000", "s-0001", "s-0002"]
    assert {click.user for click in case.clicks} == {script.user}
    assert (case.week, case.is_fraud, script.case("mimic").is_fraud) == (2, False, True)


def test_only_items_have_prices_and_a_few_of_those_none() -> None:
    script = Script(Random(1), Visit("v", 0, (0,), ("a",)), (), "s")
    for at in range(1_000):
        script.add(at, "view", "a")
    script.add(2_000, "coupon_attempt", coupon="SAVE10")
    script.add(2_000, "view")
    *views, attempt, bare = script.case("honest").clicks
    assert (attempt.price_micro, bare.price_micro) == (None, None)
    assert {click.price_micro for click in views} == {None, price_micro("a")}
    assert 20 < sum(click.price_micro is None for click in views) < 90
