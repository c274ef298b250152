"""Windows of packed rows beside windows of a list of minutes."""

from hypothesis import given

from serving.window_rows import articles_of, lasts_minutes, plan, read_rows, sums_of
from serving.windows import MINUTE_MS, Window
from tests.serving.packed import BASE_MS, COUNTS, ENDS, LENGTHS, MINUTES, Stored, counted
from udfs.changelog import Grain


@given(MINUTES, ENDS, LENGTHS, COUNTS)
def test_windows_are_sums_of_rows(minutes: list[int], end: int, length: int, count: int) -> None:
    last = Window(end, length)
    wanted = plan(last, count)
    rows = read_rows(Stored(minutes), "org:a", wanted)
    expected = counted(minutes, last, count)
    assert articles_of(rows, wanted) == expected
    assert sums_of(rows, wanted) == [(one,) * 8 for one in expected]
    assert sums_of(rows, wanted, count - 1) == [(expected[-1],) * 8]


@given(MINUTES, ENDS, LENGTHS, COUNTS)
def test_nothing_changes_for_as_long_as_it_lasts(minutes: list[int], end: int, length: int, count: int) -> None:
    last = Window(end, length)
    wanted = plan(last, count)
    lasts = lasts_minutes(read_rows(Stored(minutes), "org:a", wanted), wanted)
    assert lasts >= 1
    for later in range(lasts):
        moved = Window(end + later * MINUTE_MS, length)
        assert counted(minutes, moved, count) == counted(minutes, last, count)


def test_a_window_of_an_entity_without_articles_lasts_until_the_hour() -> None:
    wanted = plan(Window(BASE_MS + 20 * MINUTE_MS, Grain.DAY.length_ms), 31)
    assert lasts_minutes({}, wanted) == 40
