"""A soak's slopes: of processes that come and go, without their first minutes."""

import pytest

from tests.faults.kills.samples import Sample, slope, slopes


def test_a_slope_is_that_within_lives() -> None:
    first = [(minute, 100.0 + 2 * minute) for minute in range(5)]
    second = [(minute, 10.0 + 2 * minute) for minute in range(5, 9)]
    assert slope([first, second]) == pytest.approx(2.0)
    assert slope([]) == slope([[]]) == slope([[(1.0, 7.0)]]) == 0.0


def test_the_first_minute_of_a_process_is_no_leak() -> None:
    samples = [
        Sample(at_s, {("server", 7): 50.0 + min(at_s, 60) + max(0, at_s - 60) / 60}, 0) for at_s in range(0, 300, 2)
    ]
    (last, rise) = slopes(samples)["server"]
    assert last == pytest.approx(50 + 60 + 238 / 60)
    assert rise == pytest.approx(1.0)
