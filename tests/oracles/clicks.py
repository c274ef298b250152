"""Random clicks for tests: any valid one, or what a test says of its fields."""

from hypothesis import strategies as st

from udfs.clicks import KINDS, PRICE_MAX, Click
from udfs.records import MICRO

_FIELDS: dict[str, st.SearchStrategy[object]] = {
    "session_id": st.sampled_from(["s1", "s2"]),
    "event_id": st.text(max_size=3),
    "event_time_ms": st.integers(0, 1 << 42),
    "kind": st.sampled_from(list(KINDS.values())),
    "user": st.sampled_from(["", "u:1"]),
    "item_id": st.sampled_from(["", "i"]),
    "price_micro": st.none() | st.integers(0, PRICE_MAX * MICRO),
    "coupon": st.sampled_from(["", "SAVE10", "\u2603"]),
}


def clicks(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[Click]:
    """One click; `fields` are drawn as the test says."""
    return st.builds(Click, **{**_FIELDS, **fields})


def sessions(latest_ms: int) -> st.SearchStrategy[list[Click]]:
    """The clicks of session "s", in any order, their times close together."""
    event_ids = st.integers(0, 99).map(lambda number: f"e{number:02d}")
    one = clicks(session_id=st.just("s"), event_id=event_ids, event_time_ms=st.integers(0, latest_ms))
    return st.lists(one, max_size=20, unique_by=lambda click: click.event_id)
