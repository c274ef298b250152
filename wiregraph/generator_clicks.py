"""Click sessions, honest ones and ones that hunt for coupons, with the alerts that must follow.

The rule `coupon-abuse`: a coupon attempt at t with more than 5 views of a price of at least 200
in its session in [t - 2 minutes, t]. Every session is made to a plan, so its alerts are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from wiregraph.generator_records import TrueAlert

RULE_WINDOW_MS = 120_000
HIGH_VALUE = 200.0
VIEWS_MAX = 5
"""So many high-value views before an attempt raise no alert yet."""


@dataclass(frozen=True, slots=True)
class Click:
    """One event of the topic `clicks`; `price` is absent (None) for kinds without one."""

    session_id: str
    event_id: str
    event_time_ms: int
    kind: str
    user_id: str
    item_id: str = ""
    price: float | None = None
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """The clicks of a session in event-time order, and the alert that they raise, if any."""

    clicks: tuple[Click, ...]
    alert: TrueAlert | None


class _Visit:
    """A session as it is written down; the clock moves with each click."""

    def __init__(self, rng: Random, session_id: str, start_ms: int) -> None:
        self.clicks: list[Click] = []
        self.rng = rng
        self._session_id = session_id
        self._user_id = f"u{rng.randrange(10_000)}"
        self._time_ms = start_ms

    def wait(self, *, least_ms: int, most_ms: int) -> None:
        self._time_ms += self.rng.randint(least_ms, most_ms)

    def click(self, kind: str, *, price: float | None = None, coupon: str = "") -> str:
        """Adds a click and gives its event id."""
        event_id = f"{self._session_id}-{len(self.clicks):03d}"
        item_id = f"i{self.rng.randrange(900)}" if kind in {"view", "add_to_cart", "remove_from_cart"} else ""
        self.clicks.append(
            Click(self._session_id, event_id, self._time_ms, kind, self._user_id, item_id, price, coupon),
        )
        return event_id

    def views(self, count: int, *, high: bool) -> list[str]:
        """Views within two minutes of each other in all; gives their ids."""
        made = []
        for _ in range(count):
            self.wait(least_ms=500, most_ms=RULE_WINDOW_MS // 20)
            cents = self.rng.randint(20_000, 90_000) if high else self.rng.randint(400, 19_999)
            made.append(self.click("view", price=cents / 100))
        return made

    def attempt(self) -> str:
        self.wait(least_ms=500, most_ms=5_000)
        return self.click("coupon_attempt", coupon=f"SAVE{self.rng.randrange(100):02d}")

    def buy(self) -> None:
        for kind in ("add_to_cart", "checkout", "purchase"):
            self.wait(least_ms=2_000, most_ms=20_000)
            self.click(kind)


def _shopper(visit: _Visit) -> tuple[str, ...]:
    """Browses cheap things, tries a coupon, buys."""
    visit.views(7, high=False)
    visit.attempt()
    visit.buy()
    return ()


def _window_shopper(visit: _Visit) -> tuple[str, ...]:
    """Looks at many dear things and never tries a coupon."""
    visit.views(9, high=True)
    return ()


def _just_below(visit: _Visit) -> tuple[str, ...]:
    """Five dear views and an attempt: one view too few."""
    visit.views(VIEWS_MAX, high=True)
    visit.attempt()
    visit.buy()
    return ()


def _too_slow(visit: _Visit) -> tuple[str, ...]:
    """Dear views, but long before the attempt."""
    visit.views(8, high=True)
    visit.wait(least_ms=RULE_WINDOW_MS + 1, most_ms=3 * RULE_WINDOW_MS)
    visit.attempt()
    return ()


def _views_after(visit: _Visit) -> tuple[str, ...]:
    """The attempt comes before most of the dear views."""
    visit.views(2, high=True)
    visit.attempt()
    visit.views(6, high=True)
    visit.buy()
    return ()


def _abuser(visit: _Visit) -> tuple[str, ...]:
    """Six to twelve dear views among cheap ones, then the attempt: one alert."""
    visit.views(2, high=False)
    dear = visit.views(VIEWS_MAX + visit.rng.randint(1, 7), high=True)
    return (*dear, visit.attempt())


PLANS = ((_shopper, 40), (_window_shopper, 15), (_just_below, 15), (_too_slow, 10), (_views_after, 8), (_abuser, 12))
"""The plans and how many of a hundred sessions follow each."""


def make_session(rng: Random, session_id: str, start_ms: int) -> Session:
    """A session to one of the plans."""
    plan = rng.choices([plan for plan, _ in PLANS], [weight for _, weight in PLANS])[0]
    visit = _Visit(rng, session_id, start_ms)
    evidence = plan(visit)
    alert = TrueAlert(session_id, evidence[-1], evidence) if evidence else None
    return Session(tuple(visit.clicks), alert)
