"""The commands that ask how entities hang together and what moved: neighbors, path, movers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wiregraph import render
from wiregraph.errors import UsageError
from wiregraph.graph_client import call, find_entity, sector_id, span
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.reading import (
    AsOfOption,
    EntityArgument,
    GraphOption,
    KnownAtOption,
    LimitOption,
    SectorOption,
    TypeOption,
    WindowOption,
    asking,
    show,
)
from wiregraph.v1 import graph_pb2

MinWeightOption = Annotated[float, typer.Option("--min-weight", min=0, help="Only over edges of at least this weight.")]
MinArticlesOption = Annotated[
    int, typer.Option("--min-articles", min=0, help="Only over edges of at least so many articles.")
]
FanOutOption = Annotated[
    int | None, typer.Option("--fan-out", min=1, max=1_000, help="Follow so many of the strongest neighbours.")
]


class ByOption(StrEnum):
    """What movers are ranked by."""

    SENTIMENT = "sentiment"
    VOLUME = "volume"


def neighbors(  # noqa: PLR0913 - a command's options are its arguments
    name: EntityArgument,
    *,
    hops: Annotated[int, typer.Option("--hops", min=1, max=2, help="2 lists the neighbours' neighbours too.")] = 1,
    min_weight: MinWeightOption = 0.0,
    min_articles: MinArticlesOption = 0,
    kind: TypeOption = None,
    fan_out: FanOutOption = None,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    limit: LimitOption = None,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List who is named together with an entity, by falling weight."""
    if fan_out is not None and hops == 1:
        raise UsageError("--fan-out is for --hops 2")
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        message = graph_pb2.GetNeighborsRequest if hops == 1 else graph_pb2.ExpandNeighborsRequest
        request = message(
            entity_id=find_entity(stub, name, graph, asked.known_at),
            **asked.fields(),
            limit=limit,
            min_weight=min_weight,
            min_articles=min_articles,
            type=kind or "",
        )
        if isinstance(request, graph_pb2.GetNeighborsRequest):
            show(call(stub.GetNeighbors, request), render.print_neighbors, json)
        else:
            request.fan_out = fan_out or 0
            show(call(stub.ExpandNeighbors, request), render.print_expansion, json)


def path(  # noqa: PLR0913 - a command's options are its arguments
    start: Annotated[str, typer.Argument(metavar="A", help="An id such as eq:AIG, or a name to be resolved.")],
    end: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    *,
    hops: Annotated[int, typer.Option("--hops", min=1, max=3, help="At most so many.")] = 3,
    min_weight: MinWeightOption = 0.0,
    min_articles: MinArticlesOption = 0,
    fan_out: FanOutOption = None,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Show how two entities hang together: the shortest way over articles that name two of them, then the strongest."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        request = graph_pb2.FindPathRequest(
            from_id=find_entity(stub, start, graph, asked.known_at),
            to_id=find_entity(stub, end, graph, asked.known_at),
            **asked.fields(),
            hops_max=hops,
            fan_out=fan_out or 0,
            min_weight=min_weight,
            min_articles=min_articles,
        )
        answer = call(stub.FindPath, request)
    if json:
        render.print_json(render.to_json(answer))
    else:
        render.print_path(render.console(), answer)


def movers(  # noqa: PLR0913 - a command's options are its arguments
    *,
    by: Annotated[ByOption, typer.Option("--by", help="Change of sentiment, or volume z-score.")] = ByOption.SENTIMENT,
    min_articles: Annotated[int, typer.Option("--min-articles", min=1, help="In each window looked at.")] = 1,
    kind: TypeOption = None,
    sector: SectorOption = None,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    limit: LimitOption = None,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List whose sentiment or volume changed most against the window before."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        request = graph_pb2.ListMoversRequest(
            **asked.fields(),
            by=by,
            type=kind or "",
            sector=sector_id(sector),
            min_articles=min_articles,
            limit=limit,
        )
        show(call(stub.ListMovers, request), render.print_movers, json)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (neighbors, path, movers):
        app.command(command.__name__)(command)
