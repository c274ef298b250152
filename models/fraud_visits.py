"""Real visits of a shop (the yoochoose sample), and what the sample lacks: prices, weeks, a way to write more clicks.

The sample holds views of six days in April 2014 without prices. Each item gets one price by a hash of its id
(lognormal, about a tenth of at least 200). Each visit is moved to one of `WEEKS` weeks by a hash of its id, its
weekday and time of day kept: so labels can be late by a week, and no visit stands in two parts.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from math import exp
from pathlib import Path
from random import Random
from statistics import NormalDist

from udfs.clicks import Click, Kind

CLICKS_FILE = Path("clicks_yoochoose_100k") / "yoochoose-clicks-100k_train_full.txt"
WEEKS = 7
WEEK_MS = 7 * 86_400_000
FIRST_MS = 1_396_310_400_000
"""2014-04-01T00:00Z, when the sample begins."""
PRICE_MEDIAN = 45.0
PRICE_SPREAD = 1.15
MISSING_PRICE_SHARE = 0.05
PRICED: frozenset[Kind] = frozenset({"view", "add_to_cart", "remove_from_cart"})
DEAR_MICRO = 200_000_000

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Visit:
    """Views of a real session in order of time: times in milliseconds, items, and the week it was moved to."""

    visit_id: str
    week: int
    times_ms: tuple[int, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A session made from a visit: `kind` is `honest` or a kind of fraud."""

    session_id: str
    week: int
    kind: str
    clicks: tuple[Click, ...]

    @property
    def is_fraud(self) -> bool:
        """Whether the session's attempts are labelled as fraud."""
        return self.kind != "honest"


def read_visits(data: Path) -> list[Visit]:
    """Read the visits below the data folder, in order of their ids."""
    views: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with (data / CLICKS_FILE).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            visit_id, item, seconds = line.rstrip("\n").split("\t")
            views[visit_id].append((round(float(seconds) * 1_000), item))
    return [_visit(visit_id, sorted(views[visit_id])) for visit_id in sorted(views, key=int)]


def _visit(visit_id: str, views: list[tuple[int, str]]) -> Visit:
    week = int.from_bytes(hashlib.sha256(f"week {visit_id}".encode()).digest()[:4]) % WEEKS
    times_ms = tuple(time_ms + week * WEEK_MS for time_ms, _ in views)
    return Visit(visit_id, week, times_ms, tuple(item for _, item in views))


def week_start_ms(week: int) -> int:
    """Return the event time at which a week begins."""
    return FIRST_MS + week * WEEK_MS


def price_micro(item: str) -> int:
    """Return the price of an item in millionths, whole cents."""
    share = (int.from_bytes(hashlib.sha256(f"price {item}".encode()).digest()[:4]) + 0.5) / 2**32
    return round(100 * PRICE_MEDIAN * exp(PRICE_SPREAD * _NORMAL.inv_cdf(share))) * 10_000


def dear_items(visits: list[Visit]) -> tuple[str, ...]:
    """Return the items of at least 200, in order."""
    items = {item for visit in visits for item in visit.items}
    return tuple(sorted(item for item in items if price_micro(item) >= DEAR_MICRO))


class Script:
    """A session as it is written; clicks may be added in any order of time."""

    def __init__(self, rng: Random, visit: Visit, dear: tuple[str, ...], session_id: str) -> None:
        """Write the session `session_id` on the ground of a visit; `dear` are the items to choose dear ones from."""
        self.rng = rng
        self.visit = visit
        self.dear = dear
        self.session_id = session_id
        self.user = f"u{rng.randrange(200_000)}" if rng.random() < 0.7 else ""  # noqa: PLR2004 - 7 of 10 signed in
        self._planned: list[tuple[int, int, Kind, str, str]] = []

    @property
    def end_ms(self) -> int:
        """The time of the last click so far; the visit's start if there is none."""
        return max((planned[0] for planned in self._planned), default=self.visit.times_ms[0])

    def add(self, time_ms: float, kind: Kind, item: str = "", coupon: str = "") -> None:
        """Add a click; those of one time keep the order in which they were added."""
        self._planned.append((round(time_ms), len(self._planned), kind, item, coupon))

    def delay_ms(self, median_s: float, spread: float = 0.6) -> float:
        """Draw a lognormal delay."""
        return max(150.0, 1_000 * self.rng.lognormvariate(0, spread) * median_s)

    def case(self, kind: str) -> Case:
        """Return the session with its clicks in order of (event time, event id)."""
        clicks = [
            Click(
                session_id=self.session_id,
                event_id=f"{self.session_id}-{number:04d}",
                event_time_ms=time_ms,
                kind=what,
                user=self.user,
                item_id=item,
                price_micro=self._price(what, item),
                coupon=coupon,
            )
            for number, (time_ms, _, what, item, coupon) in enumerate(sorted(self._planned))
        ]
        return Case(self.session_id, self.visit.week, kind, tuple(clicks))

    def _price(self, kind: Kind, item: str) -> int | None:
        known = kind in PRICED and bool(item) and self.rng.random() >= MISSING_PRICE_SHARE
        return price_micro(item) if known else None
