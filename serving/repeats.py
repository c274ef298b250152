"""How many facts of an entity repeat a story, as it is stored: the minutes of such facts, a row a day.

    n numbers (2 bytes, big-endian): the minutes of the day, ascending, one for each fact

They are sums like those of buckets, and a pure function of the facts that the store holds; `serving.repeat_apply`
keeps them so.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serving import keyspace
from serving.keyspace import time_bytes
from serving.stories import DAY_MS
from serving.views import View
from serving.windows import MINUTE_MS, Window


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many facts of a window repeat a story, and the minute of the first one, None where there is none."""

    count: int = 0
    first_ms: int | None = None

    def changed(self, window: Window, added: Mapping[int, int]) -> Repeats | None:
        """Those of the same window with so many more by minute; None where the first one may be gone."""
        inside = {minute_ms: more for minute_ms, more in added.items() if window.start_ms <= minute_ms < window.end_ms}
        if any(more < 0 for more in inside.values()):
            return None
        firsts = [minute_ms for minute_ms, more in inside.items() if more]
        if self.first_ms is not None:
            firsts.append(self.first_ms)
        return Repeats(self.count + sum(inside.values()), min(firsts, default=None))


def day_key(entity: str, time_ms: int) -> bytes:
    """Of the row of the day that a time lies in."""
    return keyspace.repeat_prefix(entity) + time_bytes(time_ms - time_ms % DAY_MS)


def minute_of_day(time_ms: int) -> int:
    """0 to 1,439."""
    return time_ms % DAY_MS // MINUTE_MS


def pack_minutes(minutes: Iterable[int]) -> bytes:
    """Of minutes of the day, one for each fact."""
    ordered = sorted(minutes)
    return struct.pack(f">{len(ordered)}H", *ordered)


def unpack_minutes(value: bytes) -> tuple[int, ...]:
    """The inverse of `pack_minutes`."""
    return struct.unpack(f">{len(value) // 2}H", value)


def stored_repeats(view: View, entity: str, window: Window) -> Repeats:
    """By all that is known."""
    prefix, start_ms = keyspace.repeat_prefix(entity), max(window.start_ms, 0)
    count, first_ms = 0, None
    for key, value in view.scan(day_key(entity, start_ms), prefix + time_bytes(window.end_ms)):
        day_ms = keyspace.parse_time(key[len(prefix) :])
        minutes = unpack_minutes(value)
        low = bisect_left(minutes, (start_ms - day_ms) // MINUTE_MS)
        high = bisect_left(minutes, (window.end_ms - day_ms) // MINUTE_MS)
        if first_ms is None and low < high:
            first_ms = day_ms + minutes[low] * MINUTE_MS
        count += high - low
    return Repeats(count, first_ms)
