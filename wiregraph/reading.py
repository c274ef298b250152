"""What the commands that ask the server share: options, the connection, and how answers are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from google.protobuf.message import Message
from rich.console import Console

from wiregraph import render
from wiregraph.graph_client import AmbiguousNameError, connected
from wiregraph.v1.services_pb2_grpc import GraphStub

EntityArgument = Annotated[str, typer.Argument(metavar="ID|NAME", help="Such as eq:AIG, or a name to be resolved.")]
WindowOption = Annotated[str, typer.Option("--window", help="Minutes, hours or days: 5m, 1h, 24h, 7d.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="The window's end; by default the latest event.")]
KnownAtOption = Annotated[str | None, typer.Option("--known-at", help="Only what was known by then.")]
GraphOption = Annotated[str, typer.Option("--graph", help="A graph's name; by default the served one.")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many; by default all.")]

AnswerT = TypeVar("AnswerT", bound=Message)


class EntityTypes(StrEnum):
    """Types of entities."""

    ORG = "ORG"
    PER = "PER"
    LOC = "LOC"


TypeOption = Annotated[EntityTypes | None, typer.Option("--type", help="Only these.", case_sensitive=False)]
SectorOption = Annotated[
    str | None, typer.Option("--sector", help="Only members of this one, such as sector:energy or Energy.")
]


@contextmanager
def asking(directory: Path, json: bool) -> Iterator[GraphStub]:
    """A stub of the stack's server; candidates are shown where a name is ambiguous."""
    try:
        with connected(directory) as stub:
            yield stub
    except AmbiguousNameError as error:
        if not json:
            render.print_candidates(render.console(), error.candidates)
        raise


def show(answer: AnswerT, print_table: Callable[[Console, AnswerT], None], json: bool) -> None:
    """Print an answer for people or for programs."""
    if json:
        render.print_json(render.listed(answer))
    else:
        print_table(render.console(), answer)
