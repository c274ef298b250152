"""Sessions with a coupon attempt, honest and fraudulent, and their attempts as the cascade meets them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from random import Random

from models.fraud_kinds import KINDS
from models.fraud_shoppers import honest
from models.fraud_visits import DEAR_MICRO, Case, Script, Visit, dear_items
from udfs.clicks import COUPON_ATTEMPT, Click
from udfs.session_features import WINDOW_MS

FRAUD_SHARE = 0.015
RULE_WINDOW_MS = 120_000
RULE_VIEWS_MAX = 5


def make_cases(visits: Sequence[Visit], draws: int, seed: int) -> Iterator[Case]:
    """Write `draws` sessions on the ground of each visit, each with an attempt."""
    dear = dear_items(list(visits))
    for visit in visits:
        for draw in range(draws):
            rng = Random(f"{seed} {visit.visit_id} {draw}")
            yield attempting(Script(rng, visit, dear, f"{visit.visit_id}-{draw}"))


def attempting(script: Script) -> Case:
    """Write a session with an attempt, now and then a fraudulent one."""
    kind = script.rng.choices(list(KINDS), [share for _, share in KINDS.values()])[0]
    is_fraud = script.rng.random() < FRAUD_SHARE
    (KINDS[kind][0] if is_fraud else honest)(script)
    return script.case(kind if is_fraud else "honest")


def attempts(clicks: Sequence[Click]) -> Iterator[tuple[int, Sequence[Click]]]:
    """Yield each attempt's event time t and its session's clicks of the window that ends at t, the attempt last.

    Clicks are in order of (event time, event id). Others of the very time t count too, nothing later does.
    """
    times_ms = [click.event_time_ms for click in clicks]
    for place, click in enumerate(clicks):
        if click.kind == COUPON_ATTEMPT:
            time_ms = click.event_time_ms
            start, end = bisect_left(times_ms, time_ms - WINDOW_MS), bisect_right(times_ms, time_ms)
            yield time_ms, [*clicks[start:place], *clicks[place + 1 : end], click]


def is_reference(window: Sequence[Click]) -> bool:
    """Whether the rule `coupon-abuse` alerts on the window's last click."""
    return len(reference_views(window)) > RULE_VIEWS_MAX


def reference_views(window: Sequence[Click]) -> list[str]:
    """Return the ids of the views that count for the rule at the window's last click."""
    start_ms = window[-1].event_time_ms - RULE_WINDOW_MS
    return [
        click.event_id
        for click in window
        if click.kind == "view" and (click.price_micro or 0) >= DEAR_MICRO and click.event_time_ms >= start_ms
    ]
