"""Lateness: by data alone, whatever the clock says."""

from hypothesis import given
from hypothesis import strategies as st

from udfs.lateness import OUT_OF_ORDERNESS_MS, Arrival, arrive


def test_the_first_record_is_in_time() -> None:
    assert arrive(None, 5) == Arrival(5, 0)


def test_within_the_bound_is_in_time() -> None:
    assert arrive(OUT_OF_ORDERNESS_MS, 0) == Arrival(OUT_OF_ORDERNESS_MS, 0)


def test_beyond_the_bound_is_late_and_moves_nothing() -> None:
    assert arrive(OUT_OF_ORDERNESS_MS + 1, 0) == Arrival(OUT_OF_ORDERNESS_MS + 1, OUT_OF_ORDERNESS_MS + 1)


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_latest_is_the_maximum(event_times_ms: list[int]) -> None:
    latest_ms = None
    for event_time_ms in event_times_ms:
        latest_ms = arrive(latest_ms, event_time_ms).latest_ms
    assert latest_ms == max(event_times_ms)
