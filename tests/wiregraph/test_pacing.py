from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiregraph.pacing import AHEAD_MS_MAX, Pacer, RecordClock

NOW_MS = 1_700_000_000_000


@dataclass
class Time:
    """A clock that sleeping moves on."""

    now_s: float = 100.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


def pacer(time: Time, rate: float = 0.0, speed: float = 0.0) -> Pacer:
    return Pacer(rate, speed, time.clock, time.sleep)


def test_without_a_limit_nothing_waits() -> None:
    time = Time()
    paced = pacer(time)
    for event_ms in (0, 10**12):
        paced.wait(event_ms)
    assert time.slept == []


def test_a_rate_spreads_records_evenly() -> None:
    time = Time()
    paced = pacer(time, rate=4)
    for _ in range(9):
        paced.wait(None)
    assert time.now_s == pytest.approx(102.0)


def test_what_came_slowly_is_made_up_for() -> None:
    time = Time()
    paced = pacer(time, rate=4)
    paced.wait(0)
    time.now_s += 1.0
    for _ in range(4):
        paced.wait(0)
    assert time.slept == []


def test_speed_plays_an_hour_in_a_minute() -> None:
    time = Time()
    paced = pacer(time, speed=60)
    for minutes in (0, 30, 10, 60):
        paced.wait(NOW_MS + minutes * 60_000)
    assert time.slept == pytest.approx([30.0, 30.0])


def test_a_record_without_an_event_time_is_not_held_back_by_speed() -> None:
    time = Time()
    paced = pacer(time, speed=1)
    for event_ms in (None, NOW_MS, None, NOW_MS + 5_000):
        paced.wait(event_ms)
    assert time.slept == pytest.approx([5.0])


def test_unusable_times_take_the_one_before() -> None:
    clock = RecordClock()
    assert clock.stamp(None, NOW_MS) == 0
    assert clock.stamp(NOW_MS - 5, NOW_MS) == NOW_MS - 5
    for unusable in (None, -1, NOW_MS + AHEAD_MS_MAX + 1):
        assert clock.stamp(unusable, NOW_MS) == NOW_MS - 5
    assert clock.stamp(NOW_MS - 9, NOW_MS) == NOW_MS - 9
    assert clock.stamp(NOW_MS + AHEAD_MS_MAX, NOW_MS) == NOW_MS + AHEAD_MS_MAX


@given(st.lists(st.one_of(st.none(), st.integers())))
def test_a_timestamp_is_always_one_that_kafka_takes(event_times: list[int | None]) -> None:
    clock = RecordClock()
    for event_ms in event_times:
        assert 0 <= clock.stamp(event_ms, NOW_MS) <= NOW_MS + AHEAD_MS_MAX
