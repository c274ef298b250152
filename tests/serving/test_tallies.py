"""A tally that is kept right beside one that is made anew."""

from hypothesis import given
from hypothesis import strategies as st

from serving.bucket_rows import row_suffix
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
    stale = {row_suffix(grain, minute - minute % grain.length_ms) for minute in [*gone, *come] for grain in Grain}
    found, fresh = tally(after, "org:a", wanted, before, stale), tally(after, "org:a", wanted)
    assert (list(found.articles), found.sums) == (list(fresh.articles), fresh.sums)


@given(MINUTES, ENDS, LENGTHS, COUNTS)
def test_only_what_changed_is_read_again(minutes: list[int], end: int, length: int, count: int) -> None:
    stored = Stored(minutes)
    before = tally(stored, "org:a", plan(Window(end, length), count))
    stored.rows.clear()
    assert tally(stored, "org:a", before.wanted, before) is before
