"""`wiregraph ingest`: a file or a pipe into an input topic, each row under its own event time."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from gzip import BadGzipFile

from wiregraph.errors import Failure, UsageError
from wiregraph.inputs import Format, Input
from wiregraph.mapping import SCHEMAS, Record, Schema, map_line, map_row, parse_map, resolve, with_received_at
from wiregraph.pacing import Pacer, RecordClock
from wiregraph.producing import Outgoing, Sender
from wiregraph.readers import Row, Table, Unreadable, read_csv, read_feed, read_lines, read_tsv

SHOWN_MAX = 5

_TABLES: dict[Format, Callable[..., Table]] = {Format.CSV: read_csv, Format.TSV: read_tsv, Format.RSS: read_feed}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ingest and how; `pairs` are the `--map` options, `live` adds `received_at`."""

    topic: str
    format: Format
    pairs: Sequence[str] = ()
    live: bool = False
    pacer: Pacer = field(default_factory=Pacer)


@dataclass(slots=True)
class Tally:
    """How far it has come: rows read, of these handed to Kafka and skipped, and why the first were."""

    rows: int = 0
    sent: int = 0
    skipped: int = 0
    shown: list[Unreadable] = field(default_factory=list)

    def skip(self, row: Unreadable) -> None:
        """Count a row that cannot be sent."""
        self.skipped += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(row)


def records(wish: Wish, source: Input) -> Iterator[Record | Unreadable]:
    """The rows of an input as records; raises `UsageError` for a mapping that does not fit it."""
    schema = SCHEMAS[wish.topic]
    asked = parse_map(schema, wish.pairs)
    if wish.format is Format.JSONL:
        return _from_lines(schema, asked, source)
    table = _TABLES[wish.format](source.stream)
    if not table.columns:
        return iter(())
    return _from_table(schema, _columns(schema, wish.format, table, asked), table)


def _columns(schema: Schema, input_format: Format, table: Table, asked: Mapping[str, str]) -> dict[str, str]:
    if input_format is not Format.RSS:
        return resolve(schema, table.columns, asked)
    if not schema.feed:
        raise UsageError(f"a feed does not fit the topic {schema.topic}")
    return resolve(schema, table.columns, {**schema.feed, **asked})


def _from_lines(schema: Schema, asked: Mapping[str, str], source: Input) -> Iterator[Record | Unreadable]:
    for line in read_lines(source.stream):
        yield line if isinstance(line, Unreadable) else map_line(schema, asked, line)


def _from_table(schema: Schema, columns: Mapping[str, str], table: Table) -> Iterator[Record | Unreadable]:
    for row in table.rows:
        yield map_row(schema, columns, row) if isinstance(row, Row) else row


def ingest(wish: Wish, source: Input, sender: Sender, tally: Tally) -> None:
    """Send an input's rows and wait until Kafka has them; `tally` is kept up to date on the way.

    Raises Failure where Kafka or the input fails half-way; what was read before is sent all the same.
    """
    clock = RecordClock()
    try:
        for record in records(wish, source):
            tally.rows += 1
            if isinstance(record, Unreadable):
                tally.skip(record)
            else:
                _send(wish, record, clock, sender, tally)
    except (EOFError, BadGzipFile, zlib.error) as error:
        sender.flush()
        raise Failure(f"the input is damaged after row {tally.rows:,}, all before it were sent: {error}") from error
    sender.flush()


def _send(wish: Wish, record: Record, clock: RecordClock, sender: Sender, tally: Tally) -> None:
    now_ms = time.time_ns() // 1_000_000
    timestamp_ms = clock.stamp(record.event_time_ms, now_ms)
    wish.pacer.wait(timestamp_ms if timestamp_ms == record.event_time_ms else None)
    value = with_received_at(record.value, time.time_ns() // 1_000_000) if wish.live else record.value
    if sender.send(Outgoing(wish.topic, record.key, value, timestamp_ms)):
        tally.sent += 1
    else:
        tally.skip(Unreadable(record.number, "too large for Kafka"))
