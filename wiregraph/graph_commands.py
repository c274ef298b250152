"""`wiregraph graph list|promote|drop`, `wiregraph backup` and `wiregraph restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from wiregraph import backups, graphs_control, render
from wiregraph.backups import Backup
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.times import rfc3339

app = typer.Typer(no_args_is_help=True, help="The graphs of a stack: the live one, and replayed ones.")

NameArgument = Annotated[str, typer.Argument(help="A graph as `wiregraph graph list` names it.")]


@app.command("list")
def list_graphs(directory: DirOption = DEFAULT_DIR, *, json: JsonOption = False) -> None:
    """Show the graphs, which of them is served, and how far they are."""
    found = graphs_control.list_graphs(directory)
    if json:
        typer.echo(orjson.dumps([asdict(graph) for graph in found]))
        return
    table = Table("graph", "state", "served", "facts", "entities", "latest event", "complete up to", "disk")
    for graph in found:
        served = "yes" if graph.served else ""
        counts = (f"{graph.facts:,}", f"{graph.entities:,}")
        times = (_time(graph.latest_event_ms), _time(graph.watermark_ms))
        table.add_row(graph.name, graph.state, served, *counts, *times, f"{graph.store_bytes / 2**20:.1f} MiB")
    render.console().print(table if found else f"no graph in {directory}: start a stack with `wiregraph stack up`")


def _time(time_ms: int | None) -> str:
    return "-" if time_ms is None else rfc3339(time_ms)


@app.command()
def promote(name: NameArgument, directory: DirOption = DEFAULT_DIR) -> None:
    """Make a graph the served one, at once and without a restart of the server; `live` is the stack's own."""
    graphs_control.promote(directory, name, typer.echo)
    typer.echo(f"jobs write to the graph that they were started with: `wiregraph job news-graph --graph {name}`")


@app.command()
def drop(name: NameArgument, directory: DirOption = DEFAULT_DIR) -> None:
    """Take a graph away, its store and its topics; not the served one."""
    graphs_control.drop(directory, name, typer.echo)


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty directory.")],
    graph: Annotated[str, typer.Option("--graph", help="Another graph than the served one.")] = "",
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Copy a graph's store as it is now, while all goes on; Kafka's topics are not part of it."""
    _tell(backups.backup(directory, graph, target), f"backup in {target}", json)


def restore(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Where a backup lies.")],
    directory: DirOption = DEFAULT_DIR,
    json: JsonOption = False,
) -> None:
    """Check a backup and put it in a graph's place; the applier goes on from there. The stack must not run."""
    _tell(backups.restore(directory, source), f"restored into {directory}", json)


def _tell(done: Backup, what: str, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(done.model_dump(exclude={"files"})))
    else:
        size = sum(file.size for file in done.files.values())
        typer.echo(
            f"{what}: graph {done.graph!r}, {done.facts:,} facts, {size / 2**20:.1f} MiB, version {done.version}"
        )
