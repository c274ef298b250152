"""What an entity's windows add up to, kept right by what changes: sums are whole numbers, so this is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.bucket_rows import changed_row, row_articles, row_sums
from serving.keyspace import Packed
from serving.since import Slot
from serving.views import View
from serving.window_rows import Plan, Rows, articles_of, lasts_minutes, read_rows, sums_of
from serving.windows import MINUTE_MS, ZERO, add

NOTHING: Mapping[Slot, Packed | None] = {}


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the windows of a plan: the articles of each, the sums of the last, and the rows that they were made of.

    It `lasts` so many minutes at least (see `serving.window_rows.lasts_minutes`).
    """

    wanted: Plan
    rows: Rows
    articles: Sequence[int]
    sums: Packed
    lasts: int


def tally(
    view: View, entity: str, wanted: Plan, before: Tally | None = None, changed: Mapping[Slot, Packed | None] = NOTHING
) -> Tally:
    """From the store, or from what was found before, since when only these buckets `changed`, None for those gone."""
    minutes = None if before is None else _apart(before.wanted, wanted)
    if before is None or minutes is None:
        return _summed(read_rows(view, entity, wanted), wanted)
    here = _changed(before, changed) if changed else before
    return _moved(here, wanted, minutes) if minutes else here


def _apart(before: Plan, wanted: Plan) -> int | None:
    """How many minutes further windows are that the earlier ones can be moved to; None where they cannot."""
    minutes = (wanted.last.end_ms - before.last.end_ms) // MINUTE_MS
    alike = (wanted.last.length_ms, wanted.count) == (before.last.length_ms, before.count)
    return minutes if alike and 0 <= minutes < max(1, before.hour_left) else None


def _summed(rows: Rows, wanted: Plan) -> Tally:
    (sums,) = sums_of(rows, wanted, wanted.count - 1)
    return Tally(wanted, rows, articles_of(rows, wanted), sums, lasts_minutes(rows, wanted))


def _changed(before: Tally, changed: Mapping[Slot, Packed | None]) -> Tally:
    """A bucket counts where its row is one of the plan's, and may do so when the windows move."""
    wanted, last = before.wanted, before.wanted.count - 1
    rows, articles, sums, lasts = dict(before.rows), list(before.articles), before.sums, before.lasts
    for (suffix, slot), now in changed.items():
        if suffix not in wanted.parts:
            continue
        row = rows.get(suffix, b"")
        if more := changed_row(row, {slot: now}):
            rows[suffix] = more
        else:
            rows.pop(suffix, None)
        added = add(now or ZERO, row_sums(row, slot, slot + 1) if row else ZERO, -1)
        for part in wanted.parts[suffix]:
            if part.low <= slot < part.high:
                articles[part.window] += added[0]
                if part.window == last:
                    sums = add(sums, added)
        crossings = (slot + 1 - one.minute for one in wanted.bounds if one.suffix == suffix and slot >= one.minute)
        lasts = min([lasts, *crossings])
    return Tally(wanted, rows, articles, sums, lasts)


def _moved(before: Tally, wanted: Plan, minutes: int) -> Tally:
    """Within the hour the minutes that a bound passes go from the window that begins there to the one that ends."""
    articles, sums, last = list(before.articles), before.sums, wanted.count - 1
    for bound in before.wanted.bounds:
        row = before.rows.get(bound.suffix)
        found = row_articles(row, bound.minute, bound.minute + minutes) if row else 0
        if row and found:
            if bound.ends >= 0:
                articles[bound.ends] += found
            if bound.ends < last:
                articles[bound.ends + 1] -= found
            if bound.ends >= last - 1:
                sign = 1 if bound.ends == last else -1
                sums = add(sums, row_sums(row, bound.minute, bound.minute + minutes), sign)
    return Tally(wanted, before.rows, articles, sums, lasts_minutes(before.rows, wanted))
