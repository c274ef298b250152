"""A file for the demo to feed: its format by its name, its columns by the names that wires give them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from udfs.topics import NEWS
from wiregraph.errors import UsageError
from wiregraph.ingest import Wish, records
from wiregraph.inputs import Format, guess_format, open_input
from wiregraph.mapping import SCHEMAS, Record, json_object
from wiregraph.pacing import RecordClock
from wiregraph.producing import Outgoing
from wiregraph.readers import Line, read_csv, read_lines, read_tsv

COLUMNS = {
    "published_at": ("timestamp_utc", "timestamp", "published", "datetime", "date", "time"),
    "headline": ("title", "text"),
    "body": ("content", "summary"),
}
"""What else a field of `news` is called, first choice first."""


def outgoing_of(file: Path) -> Iterator[Outgoing]:
    """The rows of a file as records of `news`; rows that cannot be read are left out.

    Raises `UsageError` at once for a file that cannot be read, or whose columns do not tell what is what.
    """
    wish = Wish(NEWS, guess_format(str(file)), mapping_of(file))
    try:
        with open_input(str(file)) as source:
            records(wish, source)
    except UsageError as error:
        raise UsageError(f"{file}: {error} (with `wiregraph ingest`, or rename the columns)") from error
    return _outgoing(file, wish)


def _outgoing(file: Path, wish: Wish) -> Iterator[Outgoing]:
    clock = RecordClock()
    with open_input(str(file)) as source:
        for record in records(wish, source):
            if isinstance(record, Record):
                timestamp_ms = clock.stamp(record.event_time_ms, time.time_ns() // 1_000_000)
                yield Outgoing(NEWS, record.key, record.value, timestamp_ms)


def mapping_of(file: Path) -> list[str]:
    """The `field=column` pairs for a file whose columns are not named like the fields of `news`."""
    columns = _columns_of(file)
    missing = [name for name in SCHEMAS[NEWS].fields if name not in columns]
    found = {name: next((each for each in COLUMNS.get(name, ()) if each in columns), "") for name in missing}
    return [f"{name}={column}" for name, column in found.items() if column]


def _columns_of(file: Path) -> frozenset[str]:
    """The names in a table's header or in the first JSON object; none of a feed, which has fixed ones."""
    input_format = guess_format(str(file))
    with open_input(str(file)) as source:
        if input_format is Format.TSV:
            return frozenset(read_tsv(source.stream).columns)
        if input_format is Format.CSV:
            return frozenset(read_csv(source.stream).columns)
        if input_format is Format.JSONL:
            first = next(read_lines(source.stream), None)
            return frozenset(json_object(first.data) or {}) if isinstance(first, Line) else frozenset()
        return frozenset()
