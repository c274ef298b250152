"""A tally that is kept right beside one that is made anew."""

from hypothesis import given
from hypothesis import strategies as st

from serving.bucket_rows import row_suffix, slot_of
from serving.tallies import tally
from serving.window_rows import plan
from serving.windows import MINUTE_MS, Window
from tests.serving.packed import COUNTS, ENDS, LENGTHS, MINUTES, Stored
from udfs.changelog import Grain

MOVES = st.one_of(st.integers(0, 3), st.integers(0, 70))


@given(st.tuples(MINUTES, MINUTES, MINUTES), st.builds(Window, ENDS, LENGTHS), COUNTS, MOVES)
def test_what_is_kept_is_what_would_be_read(
    minutes: tuple[list[int], list[int], list[int]], last: Window, count: int, moved: int
) -> None:
    kept, gone, come = minutes
    before = tally(Stored([*kept, *gone]), "org:a", plan(last, count))
    after = Stored([*kept, *come])
    wanted = plan(Window(last.end_ms + moved * MINUTE_MS, last.length_ms), count)
    changed = {
        (row_suffix(grain, minute), slot_of(grain, minute)): after.bucket(grain, minute)
        for minute in [*gone, *come]
        for grain in Grain
    }
    store = after if moved else Stored([])  # Where nothing moves, nothing is read.
    found, fresh = tally(store, "org:a", wanted, before, changed), tally(after, "org:a", wanted)
    assert (list(found.articles), found.sums) == (list(fresh.articles), fresh.sums)
    assert found.lasts == fresh.lasts or (gone and found.lasts < fresh.lasts)


@given(MINUTES, ENDS, LENGTHS, COUNTS)
def test_what_did_not_change_is_not_touched(minutes: list[int], end: int, length: int, count: int) -> None:
    stored = Stored(minutes)
    before = tally(stored, "org:a", plan(Window(end, length), count))
    stored.rows.clear()
    assert tally(stored, "org:a", before.wanted, before) is before
