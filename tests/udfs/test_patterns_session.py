from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.clicks import sessions
from udfs.clicks import Click
from udfs.patterns_index import EVERYTHING, Selector
from udfs.patterns_session import ActiveSession, Session

CLICKS = sessions(30).filter(bool)
TRIES = Selector(lambda click: click.kind == "coupon_attempt")


def session_of(clicks: Sequence[Click]) -> Session:
    times_ms = [click.event_time_ms for click in clicks]
    session = Session(times_ms[0] if times_ms else -1)
    session.newest_ms = max(times_ms, default=-1)
    session.clicks = {click.event_id: click for click in clicks}
    session.active = ActiveSession(session.clicks, filter(TRIES.matches, clicks), {})
    return session


def in_order(clicks: Sequence[Click]) -> list[Click]:
    return sorted(clicks, key=lambda click: (click.event_time_ms, click.event_id))


@given(CLICKS)
def test_a_frozen_session_comes_back_as_it_was(clicks: list[Click]) -> None:
    session = session_of(clicks)
    first_ms, newest_ms = session.first_ms, session.newest_ms
    session.freeze()
    assert (len(session.clicks), session.active) == (0, None)
    session.thaw("s")
    assert list(session.clicks.items()) == [(click.event_id, click) for click in clicks]
    assert (session.first_ms, session.newest_ms) == (first_ms, newest_ms)
    assert not session.frozen


@given(CLICKS, st.integers(0, 30))
def test_the_triggers_from_a_time_on(clicks: list[Click], from_ms: int) -> None:
    found = session_of(clicks).triggers_from(from_ms)
    assert found == [one for one in in_order(clicks) if TRIES.matches(one) and one.event_time_ms >= from_ms]


@given(CLICKS, st.lists(st.booleans()))
def test_an_index_has_all_that_came_whenever_it_is_asked(clicks: list[Click], asks: list[bool]) -> None:
    session = session_of([])
    active = session.active
    assert active is not None
    for at, click in enumerate(clicks):
        session.clicks[click.event_id] = click
        active.wait(click)
        if TRIES.matches(click):
            active.trigger(click)
        if at < len(asks) and asks[at]:
            assert active.index(TRIES).clicks == in_order([one for one in clicks[: at + 1] if TRIES.matches(one)])
    assert active.index(EVERYTHING).clicks == in_order(clicks)
    assert active.index(TRIES).clicks == active.triggers.clicks
    tries = [one.event_time_ms for one in clicks if TRIES.matches(one)]
    assert active.last_trigger_ms == max(tries, default=-1)


def test_what_lies_before_is_forgotten_with_what_was_said_of_it() -> None:
    clicks = [Click("s", f"e{at:03d}", at, "coupon_attempt") for at in range(200)]
    session = session_of(clicks)
    assert session.active is not None
    session.active.scores = {"e000": (1, None), "e150": (2, None)}
    session.forget(150)
    assert (session.first_ms, session.newest_ms) == (150, 199)
    assert list(session.clicks) == [click.event_id for click in clicks[150:]]
    assert session.active.scores == {"e150": (2, None)}
    assert session.active.index(EVERYTHING).clicks == clicks[150:]
    assert session.active.triggers.clicks == clicks[150:]
