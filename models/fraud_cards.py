"""The labelled card transactions of the Fraud Detection Handbook, with features that a bank would know in time.

Each feature of a transaction at t uses transactions up to and including t, and labels only of transactions at
least `LABEL_DELAY_S` before t: that is how long it takes until a fraud is known.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY_S = 86_400
LABEL_DELAY_S = 7 * DAY_S
CUSTOMER_DAYS = (1, 7, 30)
TERMINAL_DAYS = (1, 7, 30)
NIGHT_HOURS = 6
WEEKDAY_OF_FIRST = 6
"""2018-04-01, the day 0 of the transactions, was a Sunday."""
HIGH_FACTOR = 3.0
"""A payment of so many times the customer's mean is high for that customer."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Card transactions in order of time; all arrays have one entry a transaction, `time_s` counts from day 0."""

    time_s: Integers
    customer: Integers
    terminal: Integers
    amount: Floats
    fraud: Flags

    @property
    def day(self) -> Integers:
        """The day, 0 = 2018-04-01."""
        return self.time_s // DAY_S


@dataclass(frozen=True, slots=True)
class Window:
    """Sums over the entries of the same group in (t - until - length, t - until], for each entry of time t."""

    count: Floats
    total: Floats


def read_payments(path: Path) -> Payments:
    """Read transactions.csv.gz."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [(row[5], row[2], row[3], row[4], row[7]) for row in _body(csv.reader(lines))]
    table = np.array(rows, dtype=np.float64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    whole = table.astype(np.int64)
    return Payments(whole[:, 0], whole[:, 1], whole[:, 2], table[:, 3], whole[:, 4] == 1)


def _body(rows: csv._reader) -> csv._reader:  # type: ignore[name-defined] # the type has no public name
    next(rows)
    return rows


class Groups:
    """Sums of the past within groups (a customer's or a terminal's transactions)."""

    def __init__(self, group: Integers, time_s: Integers) -> None:
        """Index entries that are in order of `time_s` by their `group`."""
        self._order = np.argsort(group, kind="stable")
        # One sorted axis for all groups: each has a stretch of its own, longer than all of the time.
        self._stride = int(time_s[-1]) + 400 * DAY_S
        self._axis = (group * self._stride + time_s)[self._order]
        self._own = group * self._stride + time_s
        self._floor = group * self._stride

    def window(self, values: Floats, length_s: int, until_s: int = 0) -> Window:
        """Count and sum `values` of the same group in (t - until - length, t - until]."""
        sums = np.concatenate([[0.0], np.cumsum(values[self._order])])
        first = np.maximum(self._own - until_s - length_s, self._floor - 1)
        last = np.maximum(self._own - until_s, self._floor - 1)
        start = np.searchsorted(self._axis, first, side="right")
        end = np.searchsorted(self._axis, last, side="right")
        return Window((end - start).astype(np.float64), sums[end] - sums[start])


def features(payments: Payments) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return the names and the matrix (transactions, features)."""
    columns = {
        "amount": payments.amount,
        "weekend": ((payments.day + WEEKDAY_OF_FIRST) % 7 >= 5).astype(np.float64),  # noqa: PLR2004 - Saturday
        "night": (payments.time_s % DAY_S // 3_600 <= NIGHT_HOURS).astype(np.float64),
        **_of_customer(payments),
        **_of_terminal(payments),
    }
    return tuple(columns), np.stack(list(columns.values()), axis=1).astype(np.float32)


def _of_customer(payments: Payments) -> dict[str, Floats]:
    """Numbers and mean amounts by window, and how high this and the latest amounts are for the customer."""
    groups = Groups(payments.customer, payments.time_s)
    columns = {}
    for days in CUSTOMER_DAYS:
        window = groups.window(payments.amount, days * DAY_S)
        columns[f"customer_count_{days}d"] = window.count
        columns[f"customer_mean_{days}d"] = window.total / window.count
    before = groups.window(payments.amount, 365 * DAY_S, until_s=1)
    squares = groups.window(payments.amount**2, 365 * DAY_S, until_s=1).total
    mean = before.total / np.maximum(before.count, 1)
    deviation = np.sqrt(np.maximum(squares / np.maximum(before.count, 1) - mean**2, 1.0))
    ratio = payments.amount / np.maximum(mean, 1.0)
    columns["amount_to_mean"] = ratio
    columns["amount_deviations"] = (payments.amount - mean) / deviation
    high = (ratio > HIGH_FACTOR).astype(np.float64)
    for days in (3, 14):
        columns[f"customer_high_{days}d"] = groups.window(high, days * DAY_S).total
    return columns


def _of_terminal(payments: Payments) -> dict[str, Floats]:
    """Numbers by window, and the share of frauds that are known by now."""
    groups = Groups(payments.terminal, payments.time_s)
    fraud = payments.fraud.astype(np.float64)
    columns = {}
    for days in TERMINAL_DAYS:
        known = groups.window(fraud, days * DAY_S, until_s=LABEL_DELAY_S)
        columns[f"terminal_count_{days}d"] = known.count
        columns[f"terminal_risk_{days}d"] = known.total / np.maximum(known.count, 1)
    for days in (3, 14, 21):
        columns[f"terminal_frauds_{days}d"] = groups.window(fraud, days * DAY_S, until_s=LABEL_DELAY_S).total
    return columns


def week_under_test(payments: Payments, first_day: int, days: int = 7) -> Flags:
    """Mark the test transactions of the week from `first_day`, as the handbook chooses them.

    Cards that were known to be defrauded are left out: those with a fraud in the week that ended a delay before
    the first day, and, as days pass, in the days that become known.
    """
    delay = LABEL_DELAY_S // DAY_S
    day = payments.day
    marked = np.zeros(len(day), dtype=bool)
    trained = (day >= first_day - delay - days) & (day < first_day - delay)
    known = set(payments.customer[trained & payments.fraud].tolist())
    for offset in range(days):
        known |= set(payments.customer[(day == first_day - delay + offset - 1) & payments.fraud].tolist())
        today = day == first_day + offset
        marked |= today & ~np.isin(payments.customer, list(known))
    return marked


def known_by(payments: Payments, moment_s: int) -> Flags:
    """Mark the transactions whose labels are known at a moment."""
    return payments.time_s + LABEL_DELAY_S <= moment_s


def card_precision(payments: Payments, scores: Floats, marked: Flags, top: int = 100) -> float:
    """Return the share of defrauded cards among the `top` cards of each day, mean over days.

    A card that was found on an earlier day is not looked at again (the handbook's card precision).
    """
    found: set[int] = set()
    shares = []
    for day in np.unique(payments.day[marked]):
        today = marked & (payments.day == day)
        best: dict[int, float] = {}
        for card, score in zip(payments.customer[today].tolist(), scores[today].tolist(), strict=True):
            if card not in found:
                best[card] = max(best.get(card, 0.0), score)
        first = sorted(best, key=lambda card: (-best[card], card))[:top]
        defrauded = set(payments.customer[today & payments.fraud].tolist()) & set(first)
        found |= defrauded
        shares.append(len(defrauded) / top)
    return float(np.mean(shares))
