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
COUNTED_LATE_MS_MAX = 300_000
"""A click that arrives when its partition is further on than this counts no more."""
CLICK_OUT_OF_ORDER_MS_MAX = 60_000
CLICK_LATE_SHARE = 0.006
CLICK_LATE_MS = (60_001, 240_000)
"""A late click still counts, whatever else is in its partition."""

WITH_ITEM = frozenset({"view", "add_to_cart", "remove_from_cart"})


@dataclass(frozen=True, slots=True)
class Click:
    """One event of the topic `clicks`; `price` is absent (None) for kinds without one.

    `delay_ms` is how long after its event time it arrives.
    """

    session_id: str
    event_id: str
    event_time_ms: int
    kind: str
    user_id: str
    item_id: str = ""
    price: float | None = None
    coupon: str = ""
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """The clicks of a session, the name of its plan, and the alerts that it raises once all has arrived."""

    plan: str
    clicks: tuple[Click, ...]
    alerts: tuple[TrueAlert, ...]


class Visit:
    """A session as it is written down; the clock moves with each click."""

    def __init__(self, rng: Random, session_id: str, start_ms: int) -> None:
        self.rng = rng
        self.time_ms = start_ms
        self._session_id = session_id
        self._user_id = f"u{rng.randrange(10_000)}"
        self._clicks: list[Click] = []
        self._alerts: list[TrueAlert] = []

    def session(self, plan: str) -> Session:
        """What was written."""
        return Session(plan, tuple(self._clicks), tuple(self._alerts))

    def wait(self, *, least_ms: int, most_ms: int) -> None:
        """Let time pass."""
        self.time_ms += self.rng.randint(least_ms, most_ms)

    def click(self, kind: str, *, price: float | None = None, coupon: str = "", delay_ms: int | None = None) -> str:
        """Add a click now and give its event id; without `delay_ms` its delay is drawn."""
        event_id = f"{self._session_id}-{len(self._clicks):03d}"
        item_id = f"i{self.rng.randrange(900)}" if kind in WITH_ITEM else ""
        delay_ms = self._delay_ms() if delay_ms is None else delay_ms
        self._clicks.append(
            Click(self._session_id, event_id, self.time_ms, kind, self._user_id, item_id, price, coupon, delay_ms)
        )
        return event_id

    def _delay_ms(self) -> int:
        if self.rng.random() < CLICK_LATE_SHARE:
            return self.rng.randint(*CLICK_LATE_MS)
        return self.rng.randrange(CLICK_OUT_OF_ORDER_MS_MAX)

    def views(self, count: int, *, high: bool) -> list[str]:
        """Add views, a dozen of them within two minutes; gives their ids."""
        made = []
        for _ in range(count):
            self.wait(least_ms=500, most_ms=RULE_WINDOW_MS // 20)
            cents = self.rng.randint(20_000, 90_000) if high else self.rng.randint(400, 19_999)
            made.append(self.click("view", price=cents / 100))
        return made

    def attempt(self, evidence: list[str] | None = None, *, least_ms: int = 500, most_ms: int = 5_000) -> str:
        """Add a coupon attempt a moment later; with the views that are evidence it raises an alert."""
        self.wait(least_ms=least_ms, most_ms=most_ms)
        event_id = self.click("coupon_attempt", coupon=f"SAVE{self.rng.randrange(100):02d}")
        if evidence is not None:
            self.raises(event_id, evidence)
        return event_id

    def raises(self, attempt_id: str, evidence: list[str]) -> None:
        """Note that an attempt raises an alert; `evidence` are the views' ids in order of (event time, id)."""
        self._alerts.append(TrueAlert(self._session_id, attempt_id, (*evidence, attempt_id)))

    def buy(self) -> None:
        """Add what follows when somebody buys."""
        for kind in ("add_to_cart", "checkout", "purchase"):
            self.wait(least_ms=2_000, most_ms=20_000)
            self.click(kind)
