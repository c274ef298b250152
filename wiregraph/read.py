"""The commands that ask the server for entities: entity, series, mentions, top, sectors, watch, resolve, status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from wiregraph import jobs_control, render
from wiregraph.graph_client import call, find_entity, follow, pages, parse_window, sector_id, span
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


def entity(  # noqa: PLR0913 - a command's options are its arguments
    name: EntityArgument,
    *,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    details: Annotated[bool, typer.Option(help="Also what the scores are made of, which reads each article.")] = True,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Show an entity's scores over a window, and what they are made of."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        entity_id = find_entity(stub, name, graph, asked.known_at)
        request = graph_pb2.GetEntityRequest(entity_id=entity_id, details=details, **asked.fields())
        show(call(stub.GetEntity, request), render.print_entity, json)


def series(  # noqa: PLR0913 - a command's options are its arguments
    name: EntityArgument,
    *,
    step: Annotated[str, typer.Option("--step", help="The length of each window.")] = "1h",
    start: Annotated[str | None, typer.Option("--from", help="By default 24 steps before --to.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="By default the latest event.")] = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Show an entity's scores over windows side by side."""
    first, last = span(step, start, known_at, graph), span(step, end, known_at, graph)
    with asking(directory, json) as stub:
        entity_id = find_entity(stub, name, graph, last.known_at)
        request = graph_pb2.GetSeriesRequest(entity_id=entity_id, step=first.window, to=last.as_of, graph=graph)
        if first.as_of is not None:
            getattr(request, "from").CopyFrom(first.as_of)  # A keyword of Python.
        if first.known_at is not None:
            request.known_at.CopyFrom(first.known_at)
        show(call(stub.GetSeries, request), render.print_series, json)


def mentions(  # noqa: PLR0913 - a command's options are its arguments
    name: EntityArgument,
    *,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    limit: LimitOption = None,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List the articles that mention an entity, newest first."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        entity_id = find_entity(stub, name, graph, asked.known_at)
        request = graph_pb2.ListMentionsRequest(entity_id=entity_id, **asked.fields())
        show(pages(stub, request, limit), render.print_mentions, json)


def top(  # noqa: PLR0913 - a command's options are its arguments
    *,
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
    """List the entities in the news, by falling number of articles."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        request = graph_pb2.ListTopRequest(type=kind or "", sector=sector_id(sector), limit=limit, **asked.fields())
        show(call(stub.ListTop, request), _print_top, json)


def sectors(  # noqa: PLR0913 - a command's options are its arguments
    *,
    window: WindowOption = "24h",
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    limit: LimitOption = None,
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List the sectors in the news, each with the sums of its members."""
    asked = span(window, as_of, known_at, graph)
    with asking(directory, json) as stub:
        request = graph_pb2.ListTopRequest(type="SECTOR", limit=limit, **asked.fields())
        show(call(stub.ListTop, request), _print_top, json)


def watch(
    names: Annotated[list[str], typer.Argument(metavar="ID|NAME...", help="Entities to watch.")],
    window: WindowOption = "24h",
    graph: GraphOption = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Show scores as they change, until Ctrl-C; --json prints one object a line.

    An entity that the graph does not know yet shows once it does.
    """
    length = parse_window(window)
    with asking(directory, json) as stub:
        ids = [find_entity(stub, name, graph) for name in names]
        request = graph_pb2.WatchEntitiesRequest(entity_ids=ids, window=length, graph=graph)
        scores = follow(stub.WatchEntities, request)
        with suppress(KeyboardInterrupt):
            _print_stream(scores) if json else _live(scores)


def resolve(  # noqa: PLR0913 - a command's options are its arguments
    text: Annotated[str, typer.Argument(help="A name, a ticker, an id or a sentence.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="At most so many.")] = 10,
    *,
    as_of: AsOfOption = None,
    known_at: KnownAtOption = None,
    graph: GraphOption = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """List the entities that a text may mean, best first."""
    asked = span("24h", as_of, known_at, graph)
    with asking(directory, json) as stub:
        request = graph_pb2.ResolveEntitiesRequest(
            text=text, limit=limit, graph=graph, as_of=asked.as_of, known_at=asked.known_at
        )
        show(call(stub.ResolveEntities, request), _print_resolved, json)


def status(graph: GraphOption = "", directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Show the jobs, what became of the records that came in, and how far the graph is."""
    jobs = jobs_control.list_jobs(directory)
    with asking(directory, json) as stub:
        answer = call(stub.GetStatus, graph_pb2.GetStatusRequest(graph=graph))
    if json:
        render.print_json({**render.to_json(answer), "jobs": [asdict(job) for job in jobs]})
        return
    console = render.console()
    table = Table("job", "state")
    for job in jobs:
        table.add_row(job.name, job.state)
    console.print(table if jobs else "no job runs: start one with `wiregraph job news-graph`")
    render.print_status(console, answer)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    for command in (entity, series, mentions, top, sectors, watch, resolve, status):
        app.command(command.__name__)(command)


def _print_top(console: Console, answer: graph_pb2.ListTopResponse) -> None:
    console.print(render.scores_table(answer.entities))
    render.footer(console, answer.watermark, answer.applied_at)


def _print_resolved(console: Console, answer: graph_pb2.ResolveEntitiesResponse) -> None:
    render.print_candidates(console, answer.candidates)


def _print_stream(scores: Iterator[graph_pb2.EntityScore]) -> None:
    for score in scores:
        render.print_json(render.to_json(score))


def _live(scores: Iterator[graph_pb2.EntityScore]) -> None:
    latest: dict[str, graph_pb2.EntityScore] = {}
    with Live(render.scores_table(()), refresh_per_second=10) as live:
        for score in scores:
            latest[score.entity_id] = score
            live.update(render.scores_table(latest.values()))
