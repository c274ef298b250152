"""What the pattern engine hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from udfs.alerts import Alert
from udfs.clicks import Click


class LateClick(NamedTuple):
    """A click more than a minute behind. `at`: its place in the batch; `counted`: it is young enough to count."""

    at: int
    lateness_ms: int
    counted: bool


class Match(NamedTuple):
    """A click that rules across sessions count; `scope` is user or coupon, `value` which one."""

    scope: str
    value: str
    click: Click


@dataclass(slots=True)
class Outcome:
    """What a batch led to. `accepted` go into the state as one chunk, in order of arrival.

    `alerts` are upserts, each alert at most once, in the order in which they were first decided. A late click that
    counts is among both `late` and `accepted`.
    """

    accepted: list[Click] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    late: list[LateClick] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    duplicates: int = 0
