import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.windows import MINUTE_MS, Run, Window, cover, zscore
from tests.oracles import graph
from udfs.changelog import Grain

MINUTES = st.integers(0, 5 * 1440)


@given(MINUTES, MINUTES.filter(bool))
def test_runs_tile_a_window(end: int, length: int) -> None:
    window = Window(end * MINUTE_MS, length * MINUTE_MS)
    at = max(0, window.start_ms)
    for run in cover([window]):
        assert run.start_ms == at
        assert run.start_ms % run.grain.length_ms == run.end_ms % run.grain.length_ms == 0
        at = run.end_ms
    assert at == window.end_ms
    assert len(cover([window])) <= 5


@given(st.integers(0, 20_000), st.integers(1, 3_000), st.integers(1, 8))
def test_no_bucket_crosses_the_bounds_of_a_window(end: int, length: int, count: int) -> None:
    last = Window(end * MINUTE_MS, length * MINUTE_MS)
    windows = [last.before(back) for back in reversed(range(count))]
    bounds = {window.start_ms for window in windows} | {last.end_ms}
    for run in cover(windows):
        assert not any(run.start_ms < bound < run.end_ms and bound % run.grain.length_ms for bound in bounds)


def test_a_week_at_an_odd_minute_is_five_short_scans() -> None:
    week = Window(15_000 * 86_400_000 + 13 * 3_600_000 + 37 * MINUTE_MS, 7 * 86_400_000)
    runs = cover([week])
    assert [run.grain for run in runs] == [Grain.MINUTE, Grain.HOUR, Grain.DAY, Grain.HOUR, Grain.MINUTE]
    assert sum((run.end_ms - run.start_ms) // run.grain.length_ms for run in runs) == 23 + 10 + 6 + 13 + 37


def test_runs_that_touch_are_joined() -> None:
    five = Window(10 * MINUTE_MS, 5 * MINUTE_MS)
    assert cover([five.before(1), five]) == [Run(Grain.MINUTE, 0, 10 * MINUTE_MS)]


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 50))
def test_zscore_is_that_of_the_twin(history: list[int], articles: int) -> None:
    assert zscore(articles, history) == pytest.approx(graph.zscore(history, articles))
