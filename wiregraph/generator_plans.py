"""The plans that click sessions follow: each kind of fraud, its near misses, and honest shopping."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from wiregraph.generator_clicks import COUNTED_LATE_MS_MAX, HIGH_VALUE, RULE_WINDOW_MS, VIEWS_MAX, Session, Visit


def _shopper(visit: Visit) -> None:
    """Browses cheap things, tries a coupon, buys."""
    visit.views(7, high=False)
    visit.attempt()
    visit.buy()


def _window_shopper(visit: Visit) -> None:
    """Looks at many dear things and never tries a coupon."""
    visit.views(9, high=True)


def _just_below(visit: Visit) -> None:
    """Five dear views and an attempt: one view too few."""
    visit.views(VIEWS_MAX, high=True)
    visit.attempt()
    visit.buy()


def _just_below_price(visit: Visit) -> None:
    """Five dear views and some at a cent less than dear."""
    visit.views(VIEWS_MAX, high=True)
    for _ in range(visit.rng.randint(1, 4)):
        visit.wait(least_ms=500, most_ms=3_000)
        visit.click("view", price=HIGH_VALUE - 0.01)
    visit.attempt()


def _exact_price(visit: Visit) -> None:
    """Six views at exactly the price that is dear: one alert."""
    dear = visit.views(VIEWS_MAX, high=True)
    visit.wait(least_ms=500, most_ms=3_000)
    visit.attempt([*dear, visit.click("view", price=HIGH_VALUE)])


def _too_slow(visit: Visit) -> None:
    """Dear views, but long before the attempt."""
    visit.views(8, high=True)
    visit.attempt(least_ms=RULE_WINDOW_MS + 1, most_ms=3 * RULE_WINDOW_MS)


def _first_at(visit: Visit, before_ms: int) -> list[str]:
    """Six dear views, the first so long before what comes next; gives their ids."""
    first_ms = visit.time_ms
    dear = [visit.click("view", price=HIGH_VALUE + 1), *visit.views(VIEWS_MAX, high=True)]
    visit.time_ms = first_ms + before_ms
    return dear


def _exactly_two_minutes(visit: Visit) -> None:
    """The first of six dear views lies exactly two minutes before the attempt: one alert."""
    visit.attempt(_first_at(visit, RULE_WINDOW_MS), least_ms=0, most_ms=0)


def _a_millisecond_too_slow(visit: Visit) -> None:
    """The first of six dear views lies a millisecond more than two minutes before the attempt."""
    _first_at(visit, RULE_WINDOW_MS + 1)
    visit.attempt(least_ms=0, most_ms=0)


def _views_after(visit: Visit) -> None:
    """The attempt comes before most of the dear views."""
    visit.views(2, high=True)
    visit.attempt()
    visit.views(6, high=True)
    visit.buy()


def _same_moment(visit: Visit) -> None:
    """The sixth dear view happens in the very millisecond of the attempt, under a later id: one alert."""
    dear = visit.views(VIEWS_MAX, high=True)
    attempt_id = visit.attempt()
    visit.raises(attempt_id, [*dear, visit.click("view", price=HIGH_VALUE * 2)])


def _abuser(visit: Visit) -> None:
    """Six to twelve dear views among cheap ones, then the attempt: one alert."""
    visit.views(2, high=False)
    visit.attempt(visit.views(VIEWS_MAX + visit.rng.randint(1, 7), high=True))


def _twice(visit: Visit) -> None:
    """Six dear views and two attempts: two alerts on the same views."""
    dear = visit.views(VIEWS_MAX + 1, high=True)
    visit.attempt(dear)
    visit.attempt(dear)


def _late_view(visit: Visit) -> None:
    """The sixth dear view arrives minutes after the attempt and counts: one alert, but not at once."""
    dear = visit.views(VIEWS_MAX, high=True)
    visit.wait(least_ms=500, most_ms=3_000)
    dear.append(visit.click("view", price=HIGH_VALUE, delay_ms=visit.rng.randint(100_000, 240_000)))
    visit.attempt(dear)


def _too_late(visit: Visit) -> None:
    """The sixth dear view arrives when the session itself is over five minutes further on: it does not count."""
    visit.views(VIEWS_MAX, high=True)
    visit.wait(least_ms=500, most_ms=3_000)
    ahead_ms = COUNTED_LATE_MS_MAX + visit.rng.randint(30_000, 90_000)
    visit.click("view", price=HIGH_VALUE, delay_ms=ahead_ms + 1_000)
    seen_ms = visit.time_ms
    visit.attempt()
    visit.time_ms = seen_ms + ahead_ms
    visit.click("checkout", delay_ms=0)


def _guesser(visit: Visit) -> None:
    """Tries one code after the other: fraud, but none of this rule's; it is for the models to find."""
    visit.views(3, high=False)
    for number in range(visit.rng.randint(6, 12)):
        visit.wait(least_ms=2_000, most_ms=4_000)
        visit.click("coupon_attempt", coupon=f"SPRING{number:02d}")


PLANS: dict[str, tuple[Callable[[Visit], None], int]] = {
    "shopper": (_shopper, 36),
    "window shopper": (_window_shopper, 12),
    "just below": (_just_below, 9),
    "a cent too cheap": (_just_below_price, 4),
    "exactly dear": (_exact_price, 3),
    "too slow": (_too_slow, 5),
    "exactly two minutes": (_exactly_two_minutes, 3),
    "a millisecond too slow": (_a_millisecond_too_slow, 4),
    "views after": (_views_after, 4),
    "same moment": (_same_moment, 2),
    "abuser": (_abuser, 9),
    "twice": (_twice, 2),
    "late view": (_late_view, 2),
    "too late": (_too_late, 2),
    "guesser": (_guesser, 3),
}
"""The plans by name, and how many of a hundred sessions follow each."""


def make_session(rng: Random, session_id: str, start_ms: int, plan: str | None = None) -> Session:
    """A session to the named plan, or to one that is drawn."""
    if plan is None:
        plan = rng.choices(list(PLANS), [weight for _, weight in PLANS.values()])[0]
    visit = Visit(rng, session_id, start_ms)
    PLANS[plan][0](visit)
    return visit.session(plan)
