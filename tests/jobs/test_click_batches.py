"""Batches of clicks: what SQL packs is read losslessly, in the order of offsets."""

import json

from hypothesis import given
from hypothesis import strategies as st

from jobs.click_batches import BYTES_AS_TEXT, FIELD_END, RECORD_END, read_batch
from udfs.decode import Reason

T0 = 1_700_000_000_000


def packed(*records: tuple[int, bytes], seconds: int = T0 // 1_000) -> str:
    """As Flink packs records of (offset, value)."""
    texts = (FIELD_END.join((str(at), str(seconds), value.decode(BYTES_AS_TEXT))) for at, value in records)
    return RECORD_END.join(texts)


def value(event_id: str, time_ms: int = T0) -> bytes:
    return json.dumps({"session_id": "s", "event_id": event_id, "event_time": time_ms, "kind": "view"}).encode()


def test_clicks_come_in_the_order_of_their_offsets() -> None:
    batch = read_batch(packed((12, value("b")), (9, value("a"))), str)
    assert [click.event_id for click in batch.clicks] == ["a", "b"]
    assert batch.offsets == [9, 12]
    assert batch.refused == []


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_every_byte_of_a_refused_record_is_kept(values: list[bytes]) -> None:
    records = [(at, b"?" + one) for at, one in enumerate(values)]
    batch = read_batch(packed(*records), str)
    assert [(one.offset, one.payload) for one in batch.refused] == records


def test_a_record_without_a_value_is_refused() -> None:
    (one,) = read_batch(packed((3, b"")), str).refused
    assert (one.offset, one.refused.reason, one.payload) == (3, Reason.NO_VALUE, b"")


def test_a_record_is_as_old_as_the_end_of_its_second() -> None:
    day_ms = 86_400_000
    ahead = value("a", T0 + day_ms + 999)
    assert read_batch(packed((0, ahead)), str).refused == []
    (one,) = read_batch(packed((0, value("a", T0 + day_ms + 1_000))), str).refused
    assert one.refused.reason == Reason.FUTURE_TIME


def test_a_record_of_unknown_time_checks_nothing() -> None:
    assert read_batch(packed((0, value("a")), seconds=0), str).refused == []
    assert read_batch(packed((0, value("a")), seconds=-1), str).refused == []
