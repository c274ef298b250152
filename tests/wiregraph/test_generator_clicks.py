from random import Random

from wiregraph.generator_clicks import (
    CLICK_LATE_MS,
    CLICK_OUT_OF_ORDER_MS_MAX,
    HIGH_VALUE,
    RULE_WINDOW_MS,
    WITH_ITEM,
    Visit,
)


def test_a_dozen_views_lie_within_the_rules_window() -> None:
    for seed in range(20):
        visit = Visit(Random(seed), "s", 0)
        made = visit.views(12, high=seed % 2 == 0)
        clicks = visit.session("any").clicks
        assert made == [click.event_id for click in clicks]
        assert clicks[-1].event_time_ms - clicks[0].event_time_ms <= RULE_WINDOW_MS
        assert all(click.price is not None and (click.price >= HIGH_VALUE) == (seed % 2 == 0) for click in clicks)


def test_event_ids_are_in_the_order_of_their_times() -> None:
    visit = Visit(Random(1), "s", 5)
    visit.views(3, high=False)
    visit.attempt()
    visit.buy()
    clicks = visit.session("any").clicks
    assert sorted(clicks, key=lambda click: (click.event_time_ms, click.event_id)) == list(clicks)
    assert {click.kind for click in clicks if click.item_id} == WITH_ITEM & {click.kind for click in clicks}


def test_only_an_attempt_with_evidence_raises_an_alert() -> None:
    visit = Visit(Random(1), "s", 0)
    visit.attempt()
    dear = visit.views(6, high=True)
    attempt_id = visit.attempt(dear)
    (alert,) = visit.session("any").alerts
    assert (alert.session_id, alert.event_id, alert.evidence) == ("s", attempt_id, (*dear, attempt_id))


def test_a_few_clicks_are_late_and_none_is_in_between() -> None:
    visit = Visit(Random(1), "s", 0)
    visit.views(3_000, high=False)
    delays_ms = [click.delay_ms for click in visit.session("any").clicks]
    late = [delay_ms for delay_ms in delays_ms if delay_ms >= CLICK_OUT_OF_ORDER_MS_MAX]
    assert 0 < len(late) < 100
    assert all(CLICK_LATE_MS[0] <= delay_ms <= CLICK_LATE_MS[1] for delay_ms in late)
