"""What is forgotten, and when; that it changes no alert is tested in test_patterns."""

from udfs.clicks import Click
from udfs.patterns_memory import CHECK_MS, IDLE_MS, KEEP_MS, TRIM_MS, Memory

FREELY = 1_000_000


def click(memory: Memory, session_id: str, time_ms: int) -> None:
    session = memory.sessions.get(session_id) or memory.open(session_id, time_ms)
    session.newest_ms = max(session.newest_ms, time_ms)
    session.clicks[f"e{time_ms}"] = Click(session_id, f"e{time_ms}", time_ms, "view")


def sweep(memory: Memory, from_ms: int, to_ms: int, clicks_max: int = FREELY) -> None:
    for latest_ms in range(from_ms, to_ms + 1, CHECK_MS):
        memory.sweep(latest_ms, clicks_max)


def test_a_session_that_nothing_comes_to_is_frozen_and_then_forgotten() -> None:
    memory = Memory()
    click(memory, "s", 0)
    memory.sweep(IDLE_MS, FREELY)
    assert not memory.sessions["s"].frozen
    memory.sweep(IDLE_MS + CHECK_MS, FREELY)
    assert memory.sessions["s"].frozen
    memory.sweep(KEEP_MS, FREELY)
    assert "s" in memory.sessions
    memory.sweep(KEEP_MS + 1, FREELY)
    assert memory.sessions == {}


def test_a_session_that_was_thawed_lives_as_long_as_its_newest_click() -> None:
    memory = Memory()
    click(memory, "s", 0)
    sweep(memory, 0, IDLE_MS + CHECK_MS)
    memory.thaw("s")
    click(memory, "s", KEEP_MS)
    sweep(memory, KEEP_MS + 1, 2 * KEEP_MS)
    assert memory.sessions["s"].frozen
    sweep(memory, 2 * KEEP_MS + 1, 2 * KEEP_MS + CHECK_MS)
    assert memory.sessions == {}


def test_a_session_that_goes_on_keeps_what_is_young_enough() -> None:
    memory = Memory()
    for time_ms in range(0, 3 * KEEP_MS, CHECK_MS // 2):
        click(memory, "s", time_ms)
        memory.sweep(time_ms, FREELY)
        kept = [one.event_time_ms for one in memory.sessions["s"].clicks.values()]
        young = [at_ms for at_ms in range(0, time_ms + 1, CHECK_MS // 2) if at_ms >= time_ms - KEEP_MS]
        assert kept[-len(young) :] == young
        assert kept[0] >= time_ms - KEEP_MS - TRIM_MS - CHECK_MS


def test_a_sweep_looks_at_no_more_than_it_may() -> None:
    memory = Memory()
    for number in range(100):
        click(memory, f"s{number}", 0)
    memory.sweep(IDLE_MS + CHECK_MS, 10)
    assert sum(bool(session.frozen) for session in memory.sessions.values()) == 5  # each is looked at, and has a click
    memory.sweep(IDLE_MS + CHECK_MS, FREELY)
    memory.sweep(KEEP_MS + 1, 10)
    assert len(memory.sessions) == 90


def test_settling_does_at_once_what_sweeping_would() -> None:
    memory = Memory()
    for number, time_ms in enumerate((0, IDLE_MS, 2 * IDLE_MS)):
        click(memory, f"s{number}", time_ms)
    memory.settle(2 * IDLE_MS)
    assert [bool(session.frozen) for session in memory.sessions.values()] == [True, False, False]
