"""What a session's clicks look like to the rules: for each filter, those that match it in (event time, id) order.

Counting a window costs two binary searches, whatever lies in it. A click that comes in order is appended; one that does
not is inserted, which moves only the pointers of those behind it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from operator import itemgetter

from udfs.clicks import Click
from udfs.rules import CouponIs, Filter

_EVENT_ID = itemgetter(Click._fields.index("event_id"))
TRIM_LENGTH_MIN = 64


class Selector:
    """A filter made ready for use; compared by identity, so that it is a cheap key."""

    __slots__ = ("matches",)

    def __init__(self, matches: Callable[[Click], bool]) -> None:
        self.matches = matches


EVERYTHING = Selector(lambda _click: True)


class Selectors:
    """One selector a filter, however many rules name it."""

    def __init__(self) -> None:
        self._known: dict[Filter, Selector] = {}

    def of(self, wanted: Filter) -> Selector:
        """The selector of a filter."""
        known = self._known.get(wanted)
        if known is None:
            known = self._known[wanted] = Selector(predicate(wanted))
        return known


def predicate(wanted: Filter) -> Callable[[Click], bool]:
    """Whether a click matches a filter."""
    kinds = frozenset(wanted.kind)
    checks = [check for check in (_price(wanted), _item(wanted), _coupon(wanted.coupon)) if check]
    if not checks:
        return lambda click: click.kind in kinds
    if len(checks) == 1:
        (only,) = checks
        return lambda click: click.kind in kinds and only(click)
    return lambda click: click.kind in kinds and all(check(click) for check in checks)


def _price(wanted: Filter) -> Callable[[Click], bool] | None:
    if wanted.price is None:
        return None
    least = wanted.price.min_micro or 0
    most = wanted.price.max_micro if wanted.price.max_micro is not None else 1 << 63
    return lambda click: click.price_micro is not None and least <= click.price_micro <= most


def _item(wanted: Filter) -> Callable[[Click], bool] | None:
    if wanted.item is None:
        return None
    items = frozenset(wanted.item)
    return lambda click: click.item_id in items


def _coupon(wanted: CouponIs | None) -> Callable[[Click], bool] | None:
    if wanted is None:
        return None
    if wanted.one_of is not None:
        codes = frozenset(wanted.one_of)
        return lambda click: click.coupon in codes
    present = wanted.present
    return lambda click: bool(click.coupon) is present


class Index:
    """Clicks in (event time, id) order. Positions are those of `clicks`, ends are exclusive."""

    __slots__ = ("_sums", "clicks", "times")

    def __init__(self, clicks: Iterable[Click] = ()) -> None:
        self.clicks = sorted(clicks, key=itemgetter(2, 1))
        self.times = [click.event_time_ms for click in self.clicks]
        self._sums = [0]

    def add(self, click: Click) -> None:
        """Put a click in its place."""
        time_ms, times = click.event_time_ms, self.times
        if not times or time_ms > times[-1]:
            times.append(time_ms)
            self.clicks.append(click)
            return
        at = self.position(click)
        times.insert(at, time_ms)
        self.clicks.insert(at, click)
        del self._sums[at + 1 :]

    def position(self, click: Click) -> int:
        """Where a click stands, or would."""
        start, end = self.between(click.event_time_ms, click.event_time_ms)
        return start if start == end else bisect_left(self.clicks, click.event_id, start, end, key=_EVENT_ID)

    def behind(self, click: Click) -> int:
        """Where the clicks start that come after this one, which may itself stand here or not."""
        at = self.position(click)
        here = at < len(self.clicks) and self.clicks[at].event_id == click.event_id
        return at + 1 if here and self.times[at] == click.event_time_ms else at

    def between(self, from_ms: int, to_ms: int) -> tuple[int, int]:
        """The clicks of [from, to], both inclusive."""
        start = bisect_left(self.times, from_ms)
        return start, bisect_right(self.times, to_ms, start)

    def total_micro(self, start: int, end: int) -> int:
        """The prices of [start, end) added up; what came in order was added up before."""
        sums = self._sums
        if len(sums) <= end:
            prices = [click.price_micro or 0 for click in self.clicks[len(sums) - 1 : end]]
            sums.extend(list(accumulate(prices, initial=sums[-1]))[1:])
        return sums[end] - sums[start]

    def forget(self, before_ms: int) -> None:
        """Drop what lies before; only once it is half of all, so that it costs nothing a click."""
        old = bisect_left(self.times, before_ms)
        if old >= TRIM_LENGTH_MIN and 2 * old >= len(self.times):
            del self.times[:old], self.clicks[:old]
            self._sums = self._sums[old:] or [0]
