import pytest

from udfs.replaying import DAY_MS, EVERYTHING, FORGET_AFTER_MS, LOOK_BACK_MS, EventRange


@pytest.mark.parametrize(("time_ms", "held"), [(9, False), (10, True), (19, True), (20, False)])
def test_a_range_begins_with_its_first_and_ends_before_its_last(time_ms: int, held: bool) -> None:
    assert EventRange(10, 20).holds(time_ms) is held


def test_without_bounds_every_time_is_held() -> None:
    assert EVERYTHING.holds(0)
    assert EVERYTHING.holds(-(1 << 63))
    assert EVERYTHING.holds((1 << 63) - 2)


def test_a_replay_reads_all_that_could_be_remembered() -> None:
    # Ids are forgotten at the first article of a day, so one may be remembered for a day longer.
    assert LOOK_BACK_MS >= FORGET_AFTER_MS + DAY_MS
