"""`wiregraph diff A B`: where two graphs differ, by key, read side by side so that no graph has to fit into memory."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from serving import keyspace
from serving.store import GraphReader, StoreError, StoreMissingError, graph_directory
from wiregraph.dump import KindOption, json_key, rows, write_lines
from wiregraph.errors import Failure, UsageError
from wiregraph.graphs_control import is_replaying
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption

Row = tuple[bytes, bytes]
"""A key and its stored value, which holds the version."""

FirstArgument = Annotated[str, typer.Argument(metavar="GRAPH", help="A graph as `wiregraph graph list` names it.")]
SecondArgument = Annotated[str, typer.Argument(metavar="GRAPH", help="Another one.")]


class Side(StrEnum):
    """Which graph has a key: the first alone, the second alone, or both with other values."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


MARKS = {Side.FIRST: b"-", Side.SECOND: b"+", Side.BOTH: b"~"}


@dataclass(slots=True)
class Tally:
    """Keys by what they begin with: those that are equal, and those that differ by who has them."""

    equal: Counter[str] = field(default_factory=Counter)
    differing: Counter[tuple[str, Side]] = field(default_factory=Counter)

    def by_kind(self) -> dict[str, dict[str, int]]:
        """For each kind of row how many are equal and how many differ."""
        kinds = sorted({*self.equal, *(kind for kind, _ in self.differing)})
        return {
            kind: {"equal": self.equal[kind], **{side.value: self.differing[kind, side] for side in Side}}
            for kind in kinds
        }


def diff(
    first: FirstArgument,
    second: SecondArgument,
    directory: DirOption = DEFAULT_DIR,
    kind: KindOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Compare two graphs row by row; exit code 1, and the keys that differ, where they are not the same.

    `-` marks a key that the first graph alone has, `+` one that the second alone has, `~` one with another value.
    """
    tally = Tally()
    with ExitStack() as readers:
        for graph in (first, second):
            if is_replaying(directory, graph):
                typer.echo(
                    f"graph {graph!r} is not whole yet, a replay makes it: what is missing may still come", err=True
                )
        views = [readers.enter_context(_reader(directory, graph)).view() for graph in (first, second)]
        found = differences(rows(views[0], kind), rows(views[1], kind), tally)
        write = _write_json if json else _write_lines
        write(found, tally)
    if tally.differing.total():
        raise typer.Exit(1)


def _reader(directory: Path, graph: str) -> GraphReader:
    try:
        return GraphReader(graph_directory(directory / "store", graph))
    except ValueError as error:
        raise UsageError(str(error)) from error
    except StoreMissingError as error:
        raise UsageError(f"there is no graph {graph!r}: see `wiregraph graph list`") from error
    except StoreError as error:
        raise Failure(f"graph {graph!r} cannot be read, its applier builds it again: {error}") from error


def differences(first: Iterable[Row], second: Iterable[Row], tally: Tally) -> Iterator[tuple[bytes, Side]]:
    """The keys that differ, ascending, of rows that come ascending; each key is counted."""
    left, right = iter(first), iter(second)
    one, other = next(left, None), next(right, None)
    while one or other:
        side = _side(one, other)
        key = one[0] if one and side is not Side.SECOND else other[0] if other else b""
        kind = key.split(b"/", 1)[0].decode("ascii", "replace")
        if side is Side.BOTH and _same(one, other):
            tally.equal[kind] += 1
        else:
            tally.differing[kind, side] += 1
            yield key, side
        one = next(left, None) if side is not Side.SECOND else one
        other = next(right, None) if side is not Side.FIRST else other


def _same(one: Row | None, other: Row | None) -> bool:
    """Whether two rows are dumped alike."""
    values = [value for _, value in filter(None, (one, other))]
    return len({(keyspace.row_version(value), keyspace.row_json(value)) for value in values}) == 1


def _side(one: Row | None, other: Row | None) -> Side:
    if other is None or (one is not None and one[0] < other[0]):
        return Side.FIRST
    return Side.SECOND if one is None or one[0] > other[0] else Side.BOTH


def _write_lines(found: Iterator[tuple[bytes, Side]], tally: Tally) -> None:
    write_lines((b"%b %b\n" % (MARKS[side], key) for key, side in found), sys.stdout.buffer)
    kinds = (
        f"{kind} {sum(counts[side] for side in Side):,} of {sum(counts.values()):,}"
        for kind, counts in tally.by_kind().items()
    )
    typer.echo(f"{tally.differing.total():,} keys differ, {tally.equal.total():,} are equal ({', '.join(kinds)})")


def _write_json(found: Iterator[tuple[bytes, Side]], tally: Tally) -> None:
    """One object; the keys are written as they are found."""
    out = sys.stdout.buffer
    out.write(b'{"differences":[')
    items = (b'{"key":%b,"in":"%b"}' % (json_key(key), side.encode()) for key, side in found)
    write_lines((b"," * bool(number) + item for number, item in enumerate(items)), out)
    out.write(b'],"kinds":%b}\n' % orjson.dumps(tally.by_kind()))
    out.flush()
