import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.errors import UsageError
from wiregraph.mapping import (
    SCHEMAS,
    Record,
    canonical_time,
    derived_id,
    map_line,
    map_row,
    parse_map,
    resolve,
    with_received_at,
)
from wiregraph.readers import Line, Row, Unreadable

NEWS_SCHEMA = SCHEMAS[NEWS]
WIRE = ("timestamp_utc", "channel", "title", "url")
ASKED = {"headline": "title", "published_at": "timestamp_utc", "id": "url"}
SEPTEMBER_1_4H = 1_220_241_600_000


def line(text: str | bytes) -> Line:
    return Line(1, text if isinstance(text, bytes) else text.encode())


def mapped(cells: dict[str, str], asked: dict[str, str], topic: str = NEWS) -> Record | Unreadable:
    return map_row(SCHEMAS[topic], resolve(SCHEMAS[topic], cells, asked), Row(7, cells))


def test_map_options_by_field() -> None:
    assert parse_map(NEWS_SCHEMA, ["headline=title", "url=a=b"]) == {"headline": "title", "url": "a=b"}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["headline"], "field=column"),
        (["=x"], "field=column"),
        (["title=headline"], "no field title"),
        (["url=a", "url=b"], "mapped twice"),
    ],
)
def test_map_options_that_are_none(pairs: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_map(NEWS_SCHEMA, pairs)


def test_columns_are_found_by_name_and_by_map() -> None:
    assert resolve(NEWS_SCHEMA, WIRE, ASKED) == {
        "id": "url",
        "published_at": "timestamp_utc",
        "headline": "title",
        "url": "url",
        "channel": "channel",
    }


def test_columns_that_are_missing_are_wrong_usage() -> None:
    with pytest.raises(UsageError, match="--map headline=COLUMN"):
        resolve(NEWS_SCHEMA, WIRE, {"published_at": "timestamp_utc"})
    with pytest.raises(UsageError, match="no such column"):
        resolve(NEWS_SCHEMA, WIRE, {"headline": "Title"})


def test_a_row_of_the_wire() -> None:
    cells = dict(zip(WIRE, ("2008-09-01 04:00:00", "newsMaps", ' "Quoted" ', "http://x"), strict=True))
    record = mapped(cells, ASKED)
    assert isinstance(record, Record)
    assert (record.number, record.key, record.event_time_ms) == (7, b"http://x", SEPTEMBER_1_4H)
    assert orjson.loads(record.value) == {
        "id": "http://x",
        "published_at": "2008-09-01T04:00:00Z",
        "headline": '"Quoted"',
        "url": "http://x",
        "channel": "newsMaps",
    }


def test_an_id_is_derived_from_the_whole_row_where_there_is_none() -> None:
    first = {"published_at": "2008-09-01", "headline": "A", "note": "x"}
    again, other = mapped(first, {}), mapped({**first, "note": "y"}, {})
    assert isinstance(again, Record)
    assert isinstance(other, Record)
    assert again == mapped(first, {})
    assert again.key == orjson.loads(again.value)["id"].encode() == derived_id(first.values()).encode()
    assert again.key != other.key


def test_an_empty_id_is_derived_too() -> None:
    record = mapped({"id": " ", "published_at": "2008-09-01", "headline": "A"}, {})
    assert isinstance(record, Record)
    assert len(record.key) == 32


def test_a_row_without_what_the_topic_needs_cannot_be_mapped() -> None:
    cells = {"timestamp_utc": "2008-09-01", "channel": "", "title": " ", "url": "u"}
    assert mapped(cells, ASKED) == Unreadable(7, "title is empty")


def test_a_row_without_a_usable_time_is_sent_all_the_same() -> None:
    absent = mapped({"id": "1", "published_at": "", "headline": "A"}, {})
    odd = mapped({"id": "1", "published_at": "soon", "headline": "A"}, {})
    assert isinstance(absent, Record)
    assert isinstance(odd, Record)
    assert absent.event_time_ms is odd.event_time_ms is None
    assert "published_at" not in orjson.loads(absent.value)
    assert orjson.loads(odd.value)["published_at"] == "soon"


def test_a_row_that_is_not_utf8_cannot_be_mapped() -> None:
    bad = b"\xff".decode("utf-8", "surrogateescape")
    assert mapped({"published_at": "2008-09-01", "headline": bad}, {}) == Unreadable(7, "not UTF-8")
    assert mapped({"id": "1", "published_at": "2008-09-01", "headline": bad}, {}) == Unreadable(7, "not UTF-8")


def test_symbols_are_a_list_and_a_price_is_a_number() -> None:
    post = mapped({"created_at": "2008-09-01", "text": "t", "symbols": "AAPL, MSFT|X"}, {}, POSTS)
    click = {"session_id": "s", "event_id": "e", "kind": "view", "event_time": "2008-09-01", "price": "200.5"}
    odd = mapped({**click, "price": "free"}, {}, CLICKS)
    record = mapped(click, {}, CLICKS)
    assert isinstance(post, Record)
    assert isinstance(record, Record)
    assert isinstance(odd, Record)
    assert orjson.loads(post.value)["symbols"] == ["AAPL", "MSFT", "X"]
    assert (record.key, orjson.loads(record.value)["price"]) == (b"s", 200.5)
    assert orjson.loads(odd.value)["price"] == "free"


def test_a_json_line_goes_as_it_is() -> None:
    data = b' {"id": "a", "published_at":"2008-09-01T04:00:00Z",  "headline":"x", "more": [1]} '
    assert map_line(NEWS_SCHEMA, {}, line(data)) == Record(1, b"a", data, SEPTEMBER_1_4H)


@pytest.mark.parametrize(
    "data", [b"{", b"[1]", b"\xff", b'"text"', b"[" * 100_000, b'{"id": "\\ud800"}', b'{"id": NaN}', b"1" * 5_000]
)
def test_a_bad_line_goes_as_it_is_under_a_stable_key(data: bytes) -> None:
    record = map_line(NEWS_SCHEMA, ASKED, line(data))
    assert isinstance(record, Record)
    assert (record.value, record.event_time_ms) == (data, None)
    assert record == map_line(NEWS_SCHEMA, {}, line(data))
    assert len(record.key) == 32


@pytest.mark.parametrize("value", ["", "1", "null", "{}", "[]"])
def test_a_line_without_a_text_for_its_key_gets_a_hash(value: str) -> None:
    record = map_line(NEWS_SCHEMA, {}, line('{"id": %s}' % (value or '""')))
    assert isinstance(record, Record)
    assert len(record.key) == 32


def test_json_lines_are_mapped_too() -> None:
    record = map_line(NEWS_SCHEMA, ASKED, line('{"title":"x","timestamp_utc":"2008-09-01 04:00","url":"u","z":1}'))
    assert isinstance(record, Record)
    assert (record.key, record.event_time_ms) == (b"u", SEPTEMBER_1_4H)
    fields = orjson.loads(record.value)
    assert (fields["headline"], fields["published_at"], fields["id"]) == ("x", "2008-09-01T04:00:00Z", "u")
    assert map_line(NEWS_SCHEMA, ASKED, line('{"url":"u"}')) == Unreadable(1, "title is missing")


@pytest.mark.parametrize("text", ["soon", "99999999999999", "-99999999999999", "+10000-01-01"])
def test_a_time_that_rfc3339_cannot_hold_stays_as_it_is(text: str) -> None:
    assert canonical_time(text) in (text, "5138-11-16T09:46:39.999Z")


def test_received_at_is_added_to_objects_only() -> None:
    assert orjson.loads(with_received_at(b'{"id":"a","received_at":1}', 5)) == {"id": "a", "received_at": 5}
    assert with_received_at(b"{", 5) == b"{"


@given(st.binary())
def test_any_line_becomes_one_record(data: bytes) -> None:
    record = map_line(NEWS_SCHEMA, {}, line(data))
    assert isinstance(record, Record)
    assert record.value == data
