"""Batches of clicks: what the JVM packs is read losslessly, and is what Python would have decoded."""

import json
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyflink.common import Instant, Row
from pyflink.datastream.data_stream import CloseableIterator

from jobs.click_batches import OTHER_HEAD, PLAIN_HEAD, RECORD_TYPE, read_batch
from jobs.click_batches import packed as packed_by_jvm
from udfs.clicks import KINDS, PRICE_MAX, Click, decode_click
from udfs.decode import AHEAD_MS_MAX, ID_CHARS_MAX, TIME_MS_MAX, Reason, Refused
from udfs.pseudonyms import Pseudonyms

T0 = 1_700_000_000_000
PSEUDONYMS = Pseudonyms(b"a key of the tests")


def packed(*records: tuple[int, bytes], time_ms: int = T0) -> tuple[bytes, bytes, bytes, bytes]:
    """As the JVM packs records of (offset, value), none of which it takes for plain."""
    heads = [OTHER_HEAD.pack(0, at, time_ms, len(value)) for at, value in records]
    return b"", b"", b"".join(heads), b"".join(value for _at, value in records)


def value(event_id: str, time_ms: int = T0) -> bytes:
    return json.dumps({"session_id": "s", "event_id": event_id, "event_time": time_ms, "kind": "view"}).encode()


def test_clicks_come_with_their_offsets() -> None:
    batch = read_batch(*packed((9, value("a")), (12, value("b"))), str)
    assert [click.event_id for click in batch.clicks] == ["a", "b"]
    assert batch.offsets == [9, 12]
    assert batch.refused == []


def test_others_come_between_the_plain_ones() -> None:
    heads = np.array([(2, T0, 199_990_000, 1), (5, T0 + 1, -1, 0)], PLAIN_HEAD).tobytes()
    texts = b"s\na\nann\ni1\n\n" + b"s\nb\n\n\nSAVE\n"
    others = [(0, 1, value("first")), (1, 3, b"no click"), (1, 4, value("x")), (2, 6, value("y")), (2, 7, value("z"))]
    other_heads = b"".join(OTHER_HEAD.pack(before, offset, T0, len(one)) for before, offset, one in others)
    batch = read_batch(heads, texts, other_heads, b"".join(one for *_head, one in others), PSEUDONYMS)
    assert [click.event_id for click in batch.clicks] == ["first", "a", "x", "b", "y", "z"]
    assert batch.offsets == [1, 2, 4, 5, 6, 7]
    assert [one.offset for one in batch.refused] == [3]
    assert batch.clicks[1] == Click("s", "a", T0, "add_to_cart", PSEUDONYMS("ann"), "i1", 199_990_000)
    assert batch.clicks[3] == Click("s", "b", T0 + 1, "view", coupon="SAVE")


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


# What lies at the edges of what the JVM reads, and beyond.
TEXTS = (
    "", " ", " a", "a b", "a", "s-1", "x" * 254, "x" * ID_CHARS_MAX, "x" * (ID_CHARS_MAX + 1), "x" * 2_049, "é",
    "\u2028", "\x7f", "a\n", "\t", "\0", '"', "\\", "/", "~", "\U0001f600", "\ud800",
)  # fmt: skip
TIMES = (
    T0, 0, -1, -0.0, T0 + 0.5, float(T0), T0 + AHEAD_MS_MAX, T0 + AHEAD_MS_MAX + 1, TIME_MS_MAX, TIME_MS_MAX + 1,
    10**17, 10**19, True, "", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.12Z",
    "2023-02-29T00:00:00Z", "2024-02-29T23:59:59.999Z", "2023-11-14T24:00:00Z", "2023-11-14T22:13:60Z",
    "2023-11-14T22:60:00Z", "2023-11-14 22:13:20Z", "2023-11-14t22:13:20z", "2023-11-14T22:13:20+",
    "2023-11-14T22:13:20+01:00", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z", "2023-11-00T00:00:00Z", "2023/11/14T22:13:20Z", "2023-W46-2T22:13:20Z",
    "99999-01-01T00:00:00Z", "2023-11-14T2x:13:20Z", "2023-11-14T22:13:20,123Z",
)  # fmt: skip
PRICES = (
    0, -0.0, 0.0, 1, -1, 199.99, 200, 200.0, 0.1, 1e-7, 1e-6, 4.35, 1.005, 0.0000005, 0.0000015, 199.9999995,
    PRICE_MAX, PRICE_MAX + 1, PRICE_MAX + 0.5, 999_999_999.9999999, 1e300, 1e2, 10**18, 10**30, 0.1 + 0.2,
    123.4567895, True, "200",
)  # fmt: skip
UNKNOWN: tuple[object, ...] = (
    1,
    -1,
    1.5,
    1e5,
    1e300,
    10**30,
    "x",
    "é",
    None,
    True,
    False,
    [],
    {},
    [1, {"price": 7}],
    {"price": 7},
)
BROKEN = (
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":1.}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":01}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":.5}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":-}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":+1}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":NaN}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","x":1e999}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","x":1e-999}',
    b'{"session_id":"s","event_id":"e","event_time":-0,"kind":"view","price":-0}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view",}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"},',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"}{}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"} 7',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"} ',
    b' {"session_id" : "s", "event_id": "e", "event_time": 1, "kind": "view"}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"\n}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view"}//',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","":7,"":"x"}',
    b'{"session_id":"s","session_id":"t","event_id":"e","event_time":1,"event_time":2,"kind":"x","kind":"view"}',
    b'{"session_id":7,"session_id":"t","event_id":"e","event_time":1,"kind":"view","price":"x","price":7}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","kind":"x"}',
    b'{"session_id":"s","event_id":"e","event_time":1,"kind":"view","price":7,"price":null}',
    b"{'session_id':'s','event_id':'e','event_time':1,'kind':'view'}",
    b'{session_id:"s","event_id":"e","event_time":1,"kind":"view"}',
    b'{"session_id":"s" "event_id":"e","event_time":1,"kind":"view"}',
    b'["session_id"]', b"{}", b"", b"7", b"null", b'"s"', b"{", b'{"', b'{"a', b'{"a"', b'{"a":',
    b"}", b"\xef\xbb\xbf{}",
)  # fmt: skip


def records(seed: int, count: int) -> Iterator[tuple[int, bytes]]:
    """Times and values: some sound, some broken, many right at the edge of either."""
    chance = Random(seed)
    for number in range(count):
        fields: dict[str, object] = {
            "session_id": f"s{number % 7}",
            "event_id": f"e{number}",
            "event_time": T0 + number,
            "kind": chance.choice(tuple(KINDS)),
            "user_id": f"u{number % 5}",
            "item_id": f"i{number % 3}",
            "price": chance.randrange(10 ** chance.randrange(1, 12)) / 10 ** chance.randrange(7),
            "coupon": "SAVE10",
            "x": chance.choice((*UNKNOWN, *["x"] * len(UNKNOWN))),
        }
        for name in chance.sample(tuple(fields), chance.choice((0, 0, 1, 1, 2))):
            edges = {"event_time": TIMES, "price": PRICES, "x": UNKNOWN}.get(name, TEXTS)
            fields[name] = chance.choice((*edges, *edges, None, 7, [], "view"))
        for name in chance.sample(tuple(fields), chance.choice((0, 1, 1, 2))):
            del fields[name]
        whole = json.dumps(fields, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        at = chance.randrange(len(whole))
        mangled = whole[:at] + chance.randbytes(1) + whole[at + chance.randrange(2) :]
        yield chance.choice((T0, T0, T0, -1)), chance.choice((whole, whole, whole, mangled, chance.choice(BROKEN)))


@pytest.mark.jvm
@pytest.mark.timeout(300)
def test_what_the_jvm_reads_is_what_python_decodes() -> None:
    from pyflink.datastream import StreamExecutionEnvironment  # noqa: PLC0415 - starts a JVM

    told = [*((T0, one) for one in BROKEN), *records(seed=3, count=6_000)]
    environment = StreamExecutionEnvironment.get_execution_environment()
    environment.set_parallelism(1)
    rows = [Row(0, at, Instant.of_epoch_milli(time_ms), one) for at, (time_ms, one) in enumerate(told)]
    clicks: list[tuple[int, Click]] = []
    refused: list[tuple[int, Refused, bytes]] = []
    plain = 0
    batches = packed_by_jvm(environment.from_collection(rows, RECORD_TYPE)).execute_and_collect()
    assert isinstance(batches, CloseableIterator)
    with batches:
        for key, (partition, *columns) in batches:
            assert (key.split("/")[:2], partition) == (["clicks", "0"], 0)
            # Outside of the job Flink gives bytes as signed numbers.
            heads, texts, *others = (bytes(byte & 255 for byte in column) for column in columns)
            plain += len(heads) // PLAIN_HEAD.itemsize
            batch = read_batch(heads, texts, others[0], others[1], PSEUDONYMS)
            clicks += zip(batch.offsets, batch.clicks, strict=True)
            refused += [(one.offset, one.refused, one.payload) for one in batch.refused]
    decoded = [(at, decode_click(one, time_ms, PSEUDONYMS), one) for at, (time_ms, one) in enumerate(told)]
    assert clicks == [(at, click) for at, click, _value in decoded if isinstance(click, Click)]
    assert refused == [(at, one, payload) for at, one, payload in decoded if isinstance(one, Refused)]
    assert len(clicks) - plain > 500  # Sound ones that it left to Python,
    assert plain > 1_000  # and those that it read.
