"""The latest clicks of a session at a coupon attempt, as the cascade's network reads them; see `session_features`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
from numpy.typing import NDArray

from udfs.clicks import Click
from udfs.session_features import Floats, window_of

SEQUENCE_MAX = 32
"""So many clicks, the latest, are what the network sees."""
STEP_FEATURES = ("gap_log", "price_log", "is_item_seen", "is_coupon_new")
"""What it sees of each click beside its kind (the place of the kind in `udfs.clicks.KINDS`)."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sequence32:
    """The latest clicks of a session, unpadded: `kinds` (1, length), `steps` (1, length, STEP_FEATURES)."""

    kinds: Codes
    steps: Floats


def sequence(events: Sequence[Click]) -> Sequence32:
    """Return the latest `SEQUENCE_MAX` clicks as the network reads them; raises `ValueError` without a click."""
    window = window_of(events[-SEQUENCE_MAX:])
    times_ms = window.times_ms
    steps = [
        (log1p(time_ms - before_ms), log1p(price / 1e6) if price else 0.0, item_seen, coupon_new)
        for time_ms, before_ms, price, item_seen, coupon_new in zip(
            times_ms,
            (times_ms[0], *times_ms[:-1]),
            window.prices,
            _seen(window.items),
            (1.0 - seen if coupon else 0.0 for coupon, seen in zip(window.coupons, _seen(window.coupons), strict=True)),
            strict=True,
        )
    ]
    return Sequence32(np.array([window.codes], dtype=np.int64), np.array([steps], dtype=np.float32))


def _seen(names: tuple[str, ...]) -> list[float]:
    """Return 1 for each name that stands before in the list, absent names being none."""
    before: set[str] = {""}
    flags = []
    for name in names:
        flags.append(float(name in before and name != ""))
        before.add(name)
    return flags
