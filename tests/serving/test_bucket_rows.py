from hypothesis import given
from hypothesis import strategies as st

from serving.bucket_rows import (
    SLOTS,
    changed_row,
    next_slot,
    pack_row,
    row_articles,
    row_length_ms,
    row_sums,
    slot_of,
    unpack_row,
)
from udfs.changelog import Grain

INT64 = st.integers(-(2**63), 2**63 - 1)
SMALL = st.integers(-(2**40), 2**40)
ROWS = st.dictionaries(st.integers(0, 63), st.tuples(*[SMALL] * 8), min_size=1, max_size=64)
SLOT = st.integers(0, 64)


@given(st.dictionaries(st.integers(0, 63), st.tuples(*[INT64] * 8), min_size=1, max_size=4))
def test_a_row_comes_back(buckets: dict[int, tuple[int, ...]]) -> None:
    assert unpack_row(pack_row(buckets)) == buckets


@given(ROWS, SLOT, SLOT)
def test_sums_of_slots(buckets: dict[int, tuple[int, ...]], one: int, other: int) -> None:
    low, high = sorted((one, other))
    row = pack_row(buckets)
    inside = [sums for slot, sums in buckets.items() if low <= slot < high]
    assert row_sums(row, low, high) == tuple(sum(column) for column in zip((0,) * 8, *inside, strict=True))
    assert row_articles(row, low, high) == sum(sums[0] for sums in inside)


@given(ROWS, SLOT)
def test_the_next_slot_with_articles(buckets: dict[int, tuple[int, ...]], slot: int) -> None:
    assert next_slot(pack_row(buckets), slot) == min((one for one in buckets if one >= slot), default=None)


@given(ROWS, st.dictionaries(st.integers(0, 63), st.none() | st.tuples(*[INT64] * 8), max_size=4), st.booleans())
def test_a_changed_row(
    buckets: dict[int, tuple[int, ...]], changed: dict[int, tuple[int, ...] | None], only_its_own: bool
) -> None:
    if only_its_own:
        changed = {slot: sums for slot, sums in changed.items() if slot in buckets}
    left = {slot: sums for slot, sums in {**buckets, **changed}.items() if sums is not None}
    row = changed_row(pack_row(buckets), changed)
    assert row == (pack_row(left) if left else b"")
    assert changed_row(b"", left) == (pack_row(left) if left else b"")
    assert changed_row(row, dict.fromkeys(left)) == b""


def test_slots_of_a_row() -> None:
    for grain in Grain:
        starts = range(0, 2 * row_length_ms(grain), grain.length_ms)
        assert [slot_of(grain, start) for start in starts] == 2 * list(range(SLOTS[grain]))
