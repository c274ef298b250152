"""From an input's bytes to its rows: JSON lines, CSV, TSV, RSS and Atom.

Whatever cannot be read becomes an `Unreadable` in its place, so that one bad row costs one row.
"""

from __future__ import annotations

import calendar
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, BinaryIO

from feedparser.api import parse

from wiregraph.errors import Failure
from wiregraph.times import rfc3339

ROW_BYTES_MAX = 8 * 1024 * 1024 - 64 * 1024
"""What fits into a record of Kafka with its key and headers."""

CELL_CHARS_MAX = 1024 * 1024
"""A stray quote in a CSV swallows no more than this."""

_BOM = b"\xef\xbb\xbf"

FEED_COLUMNS = ("id", "title", "body", "text", "link", "published", "author", "source", "lang")
"""What an entry of a feed gives: `text` is title and body together, `source` the feed's title."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a JSONL file without its end; `number` counts from 1."""

    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table by column; `number` is that of its (last) line, or of a feed's entry."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be read, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of an input, and its rows as they are read."""

    columns: tuple[str, ...]
    rows: Iterator[Row | Unreadable]


def read_lines(stream: BinaryIO) -> Iterator[Line | Unreadable]:
    """The lines of a stream that hold something; only line feeds end a line."""
    number = 0
    while data := stream.readline(ROW_BYTES_MAX + 1):
        number += 1
        if len(data) > ROW_BYTES_MAX and not data.endswith(b"\n"):
            _skip_line(stream)
            yield Unreadable(number, f"longer than {ROW_BYTES_MAX:,} bytes")
            continue
        line = data.removeprefix(_BOM) if number == 1 else data
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if line.strip():
            yield Line(number, line)


def _skip_line(stream: BinaryIO) -> None:
    while (data := stream.readline(ROW_BYTES_MAX)) and not data.endswith(b"\n"):
        continue


def read_tsv(stream: BinaryIO) -> Table:
    """Tab-separated columns named by the first line; there is no quoting, a quote is a quote."""
    lines = read_lines(stream)
    header = next(lines, None)
    if not isinstance(header, Line):
        return Table((), iter(()))
    columns = tuple(header.data.decode("utf-8", "replace").split("\t"))
    return Table(columns, (_tsv_row(columns, line) for line in lines))


def _tsv_row(columns: tuple[str, ...], line: Line | Unreadable) -> Row | Unreadable:
    if isinstance(line, Unreadable):
        return line
    try:
        cells = line.data.decode("utf-8").split("\t")
    except UnicodeDecodeError:
        return Unreadable(line.number, "not UTF-8")
    return _row(columns, line.number, cells)


def _row(columns: tuple[str, ...], number: int, cells: list[str]) -> Row | Unreadable:
    if len(cells) != len(columns):
        return Unreadable(number, f"{len(cells)} columns where the header has {len(columns)}")
    return Row(number, dict(zip(columns, cells, strict=True)))


def read_csv(stream: BinaryIO) -> Table:
    """Comma-separated columns named by the first row, quoted as RFC 4180 says."""
    csv.field_size_limit(CELL_CHARS_MAX)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text)
    try:
        columns = tuple(next(reader, ()))
    except csv.Error as error:
        raise Failure(f"the header cannot be read as CSV: {error}") from error
    return Table(columns, _csv_rows(reader, columns))


def _csv_rows(reader: Any, columns: tuple[str, ...]) -> Iterator[Row | Unreadable]:  # noqa: ANN401 - csv names no type for its reader
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(reader.line_num, str(error))
            continue
        if cells:
            yield _row(columns, reader.line_num, cells)


def read_feed(stream: BinaryIO) -> Table:
    """The entries of an RSS or Atom document, oldest first; raises Failure where it is neither."""
    feed = parse(io.BytesIO(stream.read()))  # type: ignore[no-untyped-call] # feedparser is untyped
    if not feed.get("version") and not feed.entries:
        why = feed.get("bozo_exception")
        raise Failure(f"this is neither RSS nor Atom{f': {why}' if why else ''}")
    about = feed.feed
    rows = [
        Row(number, _entry_cells(entry, about.get("title", ""), about.get("language", "")))
        for number, entry in enumerate(feed.entries, 1)
    ]
    # Feeds list the newest first; the order in which things happened makes nothing late.
    rows.sort(key=lambda row: (not row.cells["published"], row.cells["published"]))
    return Table(FEED_COLUMNS, iter(rows))


def _entry_cells(entry: Any, source: str, lang: str) -> dict[str, str]:  # noqa: ANN401 - feedparser's entries are untyped
    title = plain_text(entry.get("title", ""))
    contents = entry.get("content") or [{}]
    body = plain_text(contents[0].get("value", "") or entry.get("summary", ""))
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return {
        "id": entry.get("id", "") or entry.get("link", ""),
        "title": title,
        "body": body,
        "text": "\n\n".join(part for part in (title, body) if part),
        "link": entry.get("link", ""),
        "published": rfc3339(calendar.timegm(moment) * 1_000) if moment else "",
        "author": entry.get("author", ""),
        "source": source,
        "lang": lang,
    }


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "div", "li", "br"}:
            self.parts.append(" ")


def plain_text(markup: str) -> str:
    """The text of a piece of HTML, with runs of white space made one space."""
    parser = _Text()
    parser.feed(markup)
    parser.close()
    return " ".join("".join(parser.parts).split())
