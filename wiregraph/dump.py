"""`wiregraph dump`: the rows of a graph as sorted lines, so that two graphs can be compared by bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Annotated, BinaryIO

import typer

from serving import keyspace
from serving.rows import DELETED
from serving.served import served_graph
from serving.store import GraphReader, StoreError, StoreMissingError, View, graph_directory
from udfs.changelog import Kind
from wiregraph.errors import Failure, UsageError
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.reading import GraphOption

LINES_AT_ONCE = 1_000


class DumpKind(StrEnum):
    """What can be dumped by itself."""

    FACTS = "facts"
    BUCKETS = "buckets"
    EDGES = "edges"
    ALERTS = "alerts"


_PREFIXES = {
    None: b"",
    DumpKind.FACTS: f"{Kind.FACT}/".encode(),
    DumpKind.BUCKETS: f"{Kind.BUCKET}/".encode(),
    DumpKind.EDGES: f"{Kind.EDGE}/".encode(),
    DumpKind.ALERTS: b"alert/",
}

KindOption = Annotated[DumpKind | None, typer.Option("--kind", help="Only these; by default all rows.")]


def dump(
    directory: DirOption = DEFAULT_DIR, graph: GraphOption = "", kind: KindOption = None, json: JsonOption = False
) -> None:
    """Print a graph's rows as sorted lines: key TAB version TAB value (JSON); works without the server."""
    try:
        path = graph_directory(directory / "store", graph or served_graph(directory / "store"))
        with GraphReader(path) as reader:
            lines = json_lines if json else dump_lines
            write_lines(lines(reader.view(), kind), sys.stdout.buffer)
    except ValueError as error:
        raise UsageError(f"--graph: {error}") from error
    except StoreMissingError as error:
        raise Failure(f"{error}: start the stack with `wiregraph stack up`") from error
    except StoreError as error:
        raise Failure(f"the store in {path} cannot be read, its applier builds it again: {error}") from error


def dump_lines(view: View, kind: DumpKind | None = None) -> Iterator[bytes]:
    """One line a row, sorted; deleted rows are no state. Control characters in keys are escaped."""
    for key, value in rows(view, kind):
        yield b"\t".join((key, b"%d" % keyspace.row_version(value), keyspace.row_json(value))) + b"\n"


def json_lines(view: View, kind: DumpKind | None = None) -> Iterator[bytes]:
    """The same as JSON: one object a line with key, version and value."""
    for key, value in rows(view, kind):
        version, content = keyspace.row_version(value), keyspace.row_json(value)
        yield b'{"key":%b,"version":%d,"value":%b}\n' % (json_key(key), version, content)


def json_key(key: bytes) -> bytes:
    """A row's key as a JSON string: control characters and backslashes are escaped in it already."""
    return b'"%b"' % key.replace(b'"', b'\\"')


def rows(view: View, kind: DumpKind | None) -> Iterator[tuple[bytes, bytes]]:
    """Keys and stored values, ascending; deleted rows are no state."""
    for key, value in view.scan_prefix(keyspace.ROW + _PREFIXES[kind]):
        if keyspace.row_json(value) != DELETED:
            yield key[len(keyspace.ROW) :], value


def write_lines(lines: Iterator[bytes], out: BinaryIO) -> None:
    """Some lines at a time, so that the memory does not grow with the graph."""
    while chunk := b"".join(islice(lines, LINES_AT_ONCE)):
        out.write(chunk)
    out.flush()
