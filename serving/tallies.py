"""What an entity's windows add up to, kept right by what changes: sums are whole numbers, so this is exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serving import keyspace
from serving.bucket_rows import row_articles, row_sums
from serving.keyspace import Packed
from serving.views import View
from serving.window_rows import Plan, Rows, articles_of, read_rows, sums_of
from serving.windows import MINUTE_MS, add


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the windows of a plan: the articles of each, the sums of the last, and the rows that they were made of."""

    wanted: Plan
    rows: Rows
    articles: Sequence[int]
    sums: Packed


def tally(view: View, entity: str, wanted: Plan, before: Tally | None = None, stale: Iterable[bytes] = ()) -> Tally:
    """From the store, or from what was found before, since when only the `stale` rows changed."""
    minutes = None if before is None else _apart(before.wanted, wanted)
    if before is None or minutes is None:
        return _summed(read_rows(view, entity, wanted), wanted)
    here = _read_again(view, entity, before, stale)
    return _moved(here, wanted, minutes) if minutes else here


def _apart(before: Plan, wanted: Plan) -> int | None:
    """How many minutes further windows are that the earlier ones can be moved to; None where they cannot."""
    minutes = (wanted.last.end_ms - before.last.end_ms) // MINUTE_MS
    alike = (wanted.last.length_ms, wanted.count) == (before.last.length_ms, before.count)
    return minutes if alike and 0 <= minutes < max(1, before.hour_left) else None


def _summed(rows: Rows, wanted: Plan) -> Tally:
    (sums,) = sums_of(rows, wanted, wanted.count - 1)
    return Tally(wanted, rows, articles_of(rows, wanted), sums)


def _read_again(view: View, entity: str, before: Tally, stale: Iterable[bytes]) -> Tally:
    wanted, prefix = before.wanted, keyspace.bucket_prefix(entity)
    changed = [suffix for suffix in stale if suffix in wanted.parts]
    if not changed:
        return before
    rows, articles, sums = dict(before.rows), list(before.articles), before.sums
    for suffix in changed:
        was, now = rows.pop(suffix, None), view.get(prefix + suffix)
        if now is not None:
            rows[suffix] = now
        for part in wanted.parts[suffix]:
            for row, sign in ((was, -1), (now, 1)):
                if row is not None:
                    articles[part.window] += sign * row_articles(row, part.low, part.high)
                    if part.window == wanted.count - 1:
                        sums = add(sums, row_sums(row, part.low, part.high), sign)
    return Tally(wanted, rows, articles, sums)


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
    return Tally(wanted, before.rows, articles, sums)
