"""What the cascade sees of a session at a coupon attempt: the numbers of `FEATURES`.

Pure, and the same code for training and serving. Input are the session's clicks of [t - 10 minutes, t] in order of
(event time, event id), the attempt at t last. All times are differences of event times, so replays give the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, log1p, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from udfs.clicks import COUPON_ATTEMPT, KINDS, Click

WINDOW_MS = 10 * 60_000
"""How far before an attempt the cascade looks."""
EVENTS_MAX = 256
"""Of a session with more clicks in the window only the latest so many are looked at."""
COUNTED_MAX = 1_000
"""`events_log` alone counts further, up to so many."""
HIGH_PRICE_MICRO = 200_000_000
DEAR_SOON_MS = 120_000
SOON_MS = 10_000
MINUTE_MS = 60_000
QUICK_GAP_MS = 1_000
CODE_CHARS_MAX = 32
"""So many characters of a coupon's code are compared with the one before it."""

FEATURES = (
    *(f"{kind}_log" for kind in KINDS),
    "events_log",
    "view_share",
    "dear_views_log",
    "dear_views_2m_log",
    "dear_view_share",
    "dear_added",
    "events_10s_log",
    "events_60s_log",
    "span_log",
    "gap_mean_log",
    "gap_least_log",
    "gap_most_log",
    "gap_deviation_log",
    "gap_variation",
    "gap_jitter",
    "gap_last_log",
    "gap_quick_share",
    "price_mean_log",
    "price_most_log",
    "price_last_log",
    "price_deviation",
    "price_missing_share",
    "added_value_log",
    "items_log",
    "item_repeat_share",
    "item_repeats_most",
    "remove_share",
    "put_back",
    "coupons_log",
    "coupon_repeats",
    "coupon_first",
    "attempts_60s",
    "attempt_gap_log",
    "attempt_gap_mean_log",
    "coupon_likeness",
    "coupon_length",
    "coupon_digit_share",
    "since_purchase_log",
    "has_user",
    "hour_sine",
    "hour_cosine",
)
"""What the light model and the trees see, in this order; each within about -1..20."""

PLACE = {name: place for place, name in enumerate(FEATURES)}
"""Where each feature stands in a vector."""

Floats = NDArray[np.float32]

_CODE = {kind: code for code, kind in enumerate(KINDS)}
_VIEW, _ADD, _REMOVE = _CODE["view"], _CODE["add_to_cart"], _CODE["remove_from_cart"]
_CODE_OF = _CODE.__getitem__
_ATTEMPT, _PURCHASE = _CODE[COUPON_ATTEMPT], _CODE["purchase"]
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Window:
    """The clicks that are looked at, by column, and how many there are in the window, at most `COUNTED_MAX`."""

    times_ms: tuple[int, ...]
    codes: tuple[int, ...]
    users: tuple[str, ...]
    items: tuple[str, ...]
    prices: tuple[int | None, ...]
    coupons: tuple[str, ...]
    whole: int


def window_of(events: Sequence[Click]) -> Window:
    """Return the clicks of the window that ends with the last one, at most `EVENTS_MAX`, at a cost of as many.

    Raises `ValueError` without a click.
    """
    if not events:
        raise ValueError("a session without clicks has no features")
    start = bisect_left(events, events[-1].event_time_ms - WINDOW_MS, key=_event_time_ms)
    clicks = events[max(start, len(events) - EVENTS_MAX) :]
    whole = min(len(events) - start, COUNTED_MAX)
    # By column in one step: fifty times an attribute's price is what would be felt here.
    _, _, times_ms, kinds, users, items, prices, coupons = zip(*clicks, strict=True)
    return Window(times_ms, tuple(map(_CODE_OF, kinds)), users, items, prices, coupons, whole)


def _event_time_ms(click: Click) -> int:
    return click.event_time_ms


def vector(events: Sequence[Click]) -> Floats:
    """Return `FEATURES` of a session at its last click, float32 (features,); raises `ValueError` without a click."""
    window = window_of(events)
    return np.array(
        [
            *_counts(window),
            *_dear(window),
            *_pace(window.times_ms),
            *_prices(window),
            *_items(window),
            *_coupons(window),
            *_rest(window),
        ],
        dtype=np.float32,
    )


def named(values: Floats) -> dict[str, float]:
    """Return a vector's values by name, rounded to what is worth reading."""
    return {name: round(float(value), 4) for name, value in zip(FEATURES, values, strict=True)}


def _counts(window: Window) -> list[float]:
    codes = window.codes
    return [
        *(log1p(codes.count(code)) for code in range(len(KINDS))),
        log1p(window.whole),
        codes.count(_VIEW) / len(codes),
    ]


def _dear(window: Window) -> list[float]:
    """High-value views in the window and in its last two minutes, their share, high-value items put in the cart."""
    dear = [
        (code, time_ms)
        for code, time_ms, price in zip(window.codes, window.times_ms, window.prices, strict=True)
        if price and price >= HIGH_PRICE_MICRO
    ]
    views_ms = [time_ms for code, time_ms in dear if code == _VIEW]
    soon = len(views_ms) - bisect_left(views_ms, window.times_ms[-1] - DEAR_SOON_MS)
    added = sum(code == _ADD for code, _ in dear)
    return [log1p(len(views_ms)), log1p(soon), len(views_ms) / max(1, window.codes.count(_VIEW)), log1p(added)]


def _pace(times_ms: tuple[int, ...]) -> list[float]:
    """How fast and how evenly clicks follow each other."""
    gaps = [later - earlier for earlier, later in pairwise(times_ms)] or [0]
    mean = sum(gaps) / len(gaps)
    deviation = sqrt(sum([(gap - mean) ** 2 for gap in gaps]) / len(gaps))
    jitter = sum([abs(b - a) / (a + b + 1) for a, b in pairwise(gaps)]) / max(1, len(gaps) - 1)
    return [
        log1p(_since(times_ms, SOON_MS)),
        log1p(_since(times_ms, MINUTE_MS)),
        log1p(times_ms[-1] - times_ms[0]),
        log1p(mean),
        log1p(min(gaps)),
        log1p(max(gaps)),
        log1p(deviation),
        deviation / (mean + 1),
        jitter,
        log1p(gaps[-1]),
        bisect_left(sorted(gaps), QUICK_GAP_MS) / len(gaps),
    ]


def _since(times_ms: Sequence[int], back_ms: int) -> int:
    """Return how many of the ordered times lie at most so far before the last."""
    return len(times_ms) - bisect_left(times_ms, times_ms[-1] - back_ms)


def _prices(window: Window) -> list[float]:
    """Of views: mean, highest, last and spread of the prices' logarithms, share without price; value put in carts."""
    views = [price for price, code in zip(window.prices, window.codes, strict=True) if code == _VIEW]
    logs = [log1p(price / 1e6) for price in views if price is not None] or [0.0]
    added = sum([price for price, code in zip(window.prices, window.codes, strict=True) if code == _ADD and price])
    mean = sum(logs) / len(logs)
    return [
        mean,
        max(logs),
        logs[-1],
        sqrt(sum([(value - mean) ** 2 for value in logs]) / len(logs)),
        views.count(None) / max(1, len(views)),
        log1p(added / 1e6),
    ]


def _items(window: Window) -> list[float]:
    """How many items, how often again, how much of what was put in the cart was taken out and put back."""
    counts = Counter([item for item in window.items if item])
    removed: set[str] = set()
    put_back = 0
    for item, code in zip(window.items, window.codes, strict=True):
        if code == _REMOVE:
            removed.add(item)
        elif code == _ADD and item in removed:
            put_back += 1
    whole = sum(counts.values())
    removes, adds = window.codes.count(_REMOVE), window.codes.count(_ADD)
    return [
        log1p(len(counts)),
        (whole - len(counts)) / max(1, whole),
        log1p(max(counts.values(), default=0)),
        removes / max(1, adds + removes),
        log1p(put_back),
    ]


def _coupons(window: Window) -> list[float]:
    """How many codes were tried, how fast, and how much the last looks like the one before."""
    places = [place for place, code in enumerate(window.codes) if code == _ATTEMPT]
    if not places:
        return [0.0] * 9
    coupons = [window.coupons[place] for place in places]
    times_ms = [window.times_ms[place] for place in places]
    last = coupons[-1][:CODE_CHARS_MAX]
    distinct = len(set(coupons))
    is_first = len(places) == 1
    return [
        log1p(distinct),
        (len(coupons) - distinct) / len(coupons),
        float(is_first),
        log1p(_since(times_ms, MINUTE_MS)),
        log1p(WINDOW_MS if is_first else times_ms[-1] - times_ms[-2]),
        log1p(WINDOW_MS if is_first else (times_ms[-1] - times_ms[0]) / (len(times_ms) - 1)),
        0.0 if is_first else _likeness(coupons[-2], coupons[-1]),
        len(last) / CODE_CHARS_MAX,
        sum(map(str.isdigit, last)) / max(1, len(last)),
    ]


def _likeness(one: str, other: str) -> float:
    """Return the share of places at which two different codes agree; 0 for the same code."""
    if one == other:
        return 0.0
    first, second = one[:CODE_CHARS_MAX], other[:CODE_CHARS_MAX]
    return sum(a == b for a, b in zip(first, second, strict=False)) / max(1, len(first), len(second))


def _rest(window: Window) -> list[float]:
    """Time since a purchase, whether the user is known, the hour of the day (UTC) as a point on a circle."""
    times_ms, codes = window.times_ms, window.codes
    bought = _PURCHASE in codes
    since_ms = times_ms[-1] - times_ms[-1 - codes[::-1].index(_PURCHASE)] if bought else WINDOW_MS
    angle = 2 * pi * (times_ms[-1] % _DAY_MS) / _DAY_MS
    return [log1p(since_ms), float(bool(window.users[-1])), sin(angle), cos(angle)]
