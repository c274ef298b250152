from hypothesis import example, given
from hypothesis import strategies as st

from tests.oracles.clicks import clicks, sessions
from udfs.chunks import pack, pack_session, unpack, unpack_session
from udfs.clicks import Click


@given(st.lists(clicks()))
@example([])
def test_clicks_travel_as_a_chunk(made: list[Click]) -> None:
    chunk = pack(made)
    assert unpack(chunk) == made
    assert bool(chunk) == bool(made)
    assert all(type(click) is Click for click in unpack(chunk))


@given(sessions(3).filter(bool))
@example([Click("s", "e", 0, "view")])
def test_a_session_travels_without_its_id(made: list[Click]) -> None:
    packed = pack_session(made)
    assert unpack_session("s", packed) == made
    assert unpack_session("t", packed) == [click._replace(session_id="t") for click in made]


def test_what_is_the_same_for_all_clicks_stands_once() -> None:
    made = [Click("s", f"e{number}", number, "view", "u:always-the-same") for number in range(100)]
    assert pack_session(made).count(b"u:always-the-same") == 1
