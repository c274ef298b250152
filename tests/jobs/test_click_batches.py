"""Batches of clicks: what the JVM packs is read losslessly."""

import json

from hypothesis import given
from hypothesis import strategies as st

from jobs.click_batches import HEAD, read_batch
from udfs.decode import Reason

T0 = 1_700_000_000_000


def packed(*records: tuple[int, bytes], time_ms: int = T0) -> tuple[bytes, bytes]:
    """As the JVM packs records of (offset, value)."""
    heads = [HEAD.pack(at, time_ms, len(value)) for at, value in records]
    return b"".join(heads), b"".join(value for _at, value in records)


def value(event_id: str, time_ms: int = T0) -> bytes:
    return json.dumps({"session_id": "s", "event_id": event_id, "event_time": time_ms, "kind": "view"}).encode()


def test_clicks_come_with_their_offsets() -> None:
    batch = read_batch(*packed((9, value("a")), (12, value("b"))), str)
    assert [click.event_id for click in batch.clicks] == ["a", "b"]
    assert batch.offsets == [9, 12]
    assert batch.refused == []


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_every_byte_of_a_refused_record_is_kept(values: list[bytes]) -> None:
    records = [(at, b"?" + one) for at, one in enumerate(values)]
    batch = read_batch(*packed(*records), str)
    assert [(one.offset, one.payload) for one in batch.refused] == records


def test_a_record_without_a_value_is_refused_alone() -> None:
    batch = read_batch(*packed((3, b""), (4, value("a"))), str)
    (one,) = batch.refused
    assert (one.offset, one.refused.reason, one.payload) == (3, Reason.NO_VALUE, b"")
    assert batch.offsets == [4]


def test_a_payload_may_be_a_day_ahead_of_its_record() -> None:
    day_ms = 86_400_000
    assert read_batch(*packed((0, value("a", T0 + day_ms))), str).refused == []
    (one,) = read_batch(*packed((0, value("a", T0 + day_ms + 1))), str).refused
    assert one.refused.reason == Reason.FUTURE_TIME


def test_a_record_of_unknown_time_checks_nothing() -> None:
    assert read_batch(*packed((0, value("a")), time_ms=-1), str).refused == []
