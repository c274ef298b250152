import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiregraph import readers
from wiregraph.errors import Failure
from wiregraph.readers import Line, Row, Unreadable, plain_text, read_csv, read_feed, read_lines, read_tsv

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>The Wire</title><language>en</language>
<item><title>Second &amp; &lt;b&gt;last&lt;/b&gt;</title><link>http://x/2</link><guid>two</guid>
  <pubDate>Mon, 15 Sep 2008 09:30:00 -0400</pubDate>
  <description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</description></item>
<item><title>First</title><link>http://x/1</link><pubDate>Mon, 15 Sep 2008 12:00:00 GMT</pubDate></item>
<item><title>Timeless</title></item></channel></rss>"""

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>urn:1</id><title>T</title>
<link href="http://x/a"/><updated>2008-09-15T13:30:00Z</updated><author><name>Ann</name></author>
<summary>short</summary><content type="html">long</content></entry></feed>"""


def test_lines_keep_their_bytes() -> None:
    data = b'\xef\xbb\xbf{"a":1}\r\n\n  \n\xff\xfe not utf-8\nlast'
    assert list(read_lines(io.BytesIO(data))) == [
        Line(1, b'{"a":1}'),
        Line(4, b"\xff\xfe not utf-8"),
        Line(5, b"last"),
    ]


def test_a_line_that_is_too_long_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "ROW_BYTES_MAX", 10)
    lines = list(read_lines(io.BytesIO(b"short\n" + b"x" * 35 + b"\nafter\n" + b"y" * 10 + b"\n")))
    assert [type(line) for line in lines] == [Line, Unreadable, Line, Line]
    assert [line.number for line in lines] == [1, 2, 3, 4]


@given(
    st.lists(st.binary(min_size=1, max_size=30).filter(lambda line: line.strip() and not set(line) & {10, 13, 0xEF}))
)
def test_every_line_arrives(lines: list[bytes]) -> None:
    found = list(read_lines(io.BytesIO(b"\n".join(lines))))
    assert [line.data for line in found if isinstance(line, Line)] == lines


def test_a_quote_in_tsv_is_a_quote() -> None:
    table = read_tsv(io.BytesIO(b'a\tb\n"x\ty"z"\n\xff\t1\none\n1\t\n'))
    assert table.columns == ("a", "b")
    assert list(table.rows) == [
        Row(2, {"a": '"x', "b": 'y"z"'}),
        Unreadable(3, "not UTF-8"),
        Unreadable(4, "1 columns where the header has 2"),
        Row(5, {"a": "1", "b": ""}),
    ]


def test_csv_is_quoted() -> None:
    table = read_csv(io.BytesIO(b'\xef\xbb\xbfa,b\r\n"x, ""y""","two\nlines"\r\n\r\n1,2,3\r\n3,4\r\n'))
    assert table.columns == ("a", "b")
    assert list(table.rows) == [
        Row(3, {"a": 'x, "y"', "b": "two\nlines"}),
        Unreadable(5, "3 columns where the header has 2"),
        Row(6, {"a": "3", "b": "4"}),
    ]


def test_a_stray_quote_in_csv_does_not_swallow_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "CELL_CHARS_MAX", 50)
    rows = list(read_csv(io.BytesIO(b'a,b\n"open,2\n' + b"1,2\n" * 30)).rows)
    assert isinstance(rows[0], Unreadable)
    assert len([row for row in rows if isinstance(row, Row)]) > 10


@pytest.mark.parametrize("read", [read_csv, read_tsv])
def test_an_empty_table_has_no_columns(read: object) -> None:
    assert callable(read)
    assert read(io.BytesIO(b"")).columns == ()


def test_rss_comes_oldest_first() -> None:
    rows = list(read_feed(io.BytesIO(RSS)).rows)
    cells = [row.cells for row in rows if isinstance(row, Row)]
    assert [one["title"] for one in cells] == ["First", "Second & last", "Timeless"]
    assert [one["published"] for one in cells] == ["2008-09-15T12:00:00Z", "2008-09-15T13:30:00Z", ""]
    assert [one["id"] for one in cells] == ["http://x/1", "two", ""]
    assert cells[1]["body"] == "One. Two."
    assert (cells[1]["source"], cells[1]["lang"]) == ("The Wire", "en")


def test_atom_prefers_the_whole_text() -> None:
    (row,) = read_feed(io.BytesIO(ATOM)).rows
    assert isinstance(row, Row)
    assert row.cells == {
        "id": "urn:1",
        "title": "T",
        "body": "long",
        "text": "T\n\nlong",
        "link": "http://x/a",
        "published": "2008-09-15T13:30:00Z",
        "author": "Ann",
        "source": "A",
        "lang": "",
    }


@pytest.mark.parametrize("data", [b"", b"not a feed", b"/etc/hostname", b"<html><body>x</body></html>"])
def test_what_is_no_feed_fails(data: bytes) -> None:
    with pytest.raises(Failure, match="neither RSS nor Atom"):
        read_feed(io.BytesIO(data))


@given(st.text())
def test_any_markup_gives_text(markup: str) -> None:
    assert plain_text(markup) == " ".join(plain_text(markup).split())
