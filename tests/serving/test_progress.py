import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.progress import (
    FORMAT,
    InputPartition,
    Progress,
    ProgressError,
    dump_progress,
    earlier,
    later,
    load_progress,
    watermark,
)
from udfs.lateness import OUT_OF_ORDERNESS_MS

OFFSETS = st.dictionaries(st.integers(0, 9), st.integers(0, 2**62), max_size=4)
TIMES = st.none() | st.integers(0, 2**62)
PROGRESS = st.builds(
    Progress,
    st.text(st.characters(codec="utf-8"), max_size=5),
    OFFSETS,
    OFFSETS,
    st.dictionaries(st.sampled_from(["news/0", "posts/1"]), st.integers(0, 2**62)),
    TIMES,
    TIMES,
    TIMES,
    st.integers(0, 2**62),
    st.integers(0, 2**62),
    st.integers(0, 2**62),
)


def partition(committed: int | None, end: int, latest: int | None, *, begin: int = 0) -> InputPartition:
    return InputPartition("news", 0, committed, begin, end, latest)


@given(PROGRESS)
def test_progress_comes_back(progress: Progress) -> None:
    assert load_progress(dump_progress(progress)) == progress


@pytest.mark.parametrize(
    "stored", [None, b"", b"{}", b"[]", b"7", b'{"format": 1}', b'{"format": 1, "progress": {"x": 1}}']
)
def test_what_is_no_progress_is_refused(stored: bytes | None) -> None:
    with pytest.raises(ProgressError):
        load_progress(stored)


def test_another_format_is_refused() -> None:
    stored = dump_progress(Progress("t", {})).replace(b'"format":%d' % FORMAT, b'"format":%d' % (FORMAT + 1))
    with pytest.raises(ProgressError, match="format"):
        load_progress(stored)


def test_the_slowest_partition_that_waits_holds_the_watermark() -> None:
    ahead, behind, done = partition(5, 9, 900_000), partition(5, 9, 300_000), partition(9, 9, 100_000)
    assert watermark([ahead, behind, done]) == 300_000 - OUT_OF_ORDERNESS_MS


def test_where_all_is_read_the_latest_record_counts() -> None:
    assert watermark([partition(9, 9, 900_000), partition(9, 9, 100_000)]) == 900_000 - OUT_OF_ORDERNESS_MS


def test_empty_partitions_hold_nothing_back() -> None:
    assert watermark([partition(5, 9, 300_000), partition(None, 0, None)]) == 300_000 - OUT_OF_ORDERNESS_MS


@pytest.mark.parametrize("unread", [partition(None, 4, None), partition(0, 4, None), partition(4, 4, None)])
def test_a_partition_of_which_nothing_is_known(unread: InputPartition) -> None:
    """One that waits holds all back; one that is read, but whose timestamp is unknown, does not."""
    expected = 300_000 - OUT_OF_ORDERNESS_MS if unread.consumed else None
    assert watermark([partition(5, 9, 300_000), unread]) == expected


def test_without_records_there_is_no_watermark() -> None:
    assert watermark([]) is None
    assert watermark([partition(None, 0, None)]) is None
    assert watermark([partition(0, 0, None)]) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10**9)), min_size=1, max_size=8))
def test_it_never_leads_what_waits(read: list[tuple[int, int]]) -> None:
    partitions = [partition(committed, 9, latest) for committed, latest in read]
    given_mark = watermark(partitions)
    assert given_mark is not None
    assert all(
        given_mark <= one.latest_ms - OUT_OF_ORDERNESS_MS
        for one in partitions
        if not one.consumed and one.latest_ms is not None
    )
    assert given_mark <= max(latest for _, latest in read) - OUT_OF_ORDERNESS_MS


@given(TIMES, TIMES)
def test_none_is_an_unknown_time(one: int | None, other: int | None) -> None:
    known = [time for time in (one, other) if time is not None]
    assert later(one, other) == max(known, default=None)
    assert earlier(one, other) == min(known, default=None)


def test_a_store_begun_anew_is_ready_when_all_is_applied() -> None:
    assert not Progress("t", {0: 5, 1: 7}, build_to={0: 5, 1: 8}).ready
    assert not Progress("t", {}, build_to={0: 1}).ready
    assert Progress("t", {0: 5, 1: 9}, build_to={0: 5, 1: 8}).ready
    assert Progress("t", {}, build_to={0: 0}).ready
