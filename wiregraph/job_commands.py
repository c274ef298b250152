"""`wiregraph job news-graph | click-fraud | list | savepoint | stop`."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from udfs.topics import CLICK_FRAUD, NEWS_GRAPH, alerts_spec, graph_spec
from wiregraph import jobs_control
from wiregraph.errors import Failure
from wiregraph.jobs_control import JobRequest
from wiregraph.kafka_config import kafka_options
from wiregraph.options import DEFAULT_DIR, BootstrapOption, DirOption, JsonOption, KafkaConfigOption
from wiregraph.stack import JobRecord, load_stack
from wiregraph.topics_admin import create_missing

app = typer.Typer(no_args_is_help=True, help="Flink jobs: start, list, take savepoints, stop.")

JobArgument = Annotated[str, typer.Argument(help="A job as `wiregraph job list` names it.")]
TargetOption = Annotated[
    str | None, typer.Option("--savepoint", help="Where the savepoint goes; DIR/state by default.")
]
SavepointOption = Annotated[str, typer.Option(help="Restore from this; the newest checkpoint by default.")]
FromScratchOption = Annotated[bool, typer.Option("--from-scratch", help="Restore nothing, read all again.")]
ClusterOption = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="REST API of a session cluster to submit to; else one is embedded.")
]
PythonOption = Annotated[
    str, typer.Option(help="The Python of the cluster's machines, with Wiregraph installed; this one by default.")
]
DetachOption = Annotated[bool, typer.Option("--detach", help="Return once the job runs.")]


@app.command(NEWS_GRAPH)
def news_graph(  # noqa: PLR0913 - a command's options are its arguments
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    *,
    graph: Annotated[str, typer.Option(help="Name of the graph to write; the live one has none.")] = "",
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="How many Python workers read articles.")] = 1,
    savepoint: SavepointOption = "",
    from_scratch: FromScratchOption = False,
    cluster: ClusterOption = "",
    python: PythonOption = sys.executable,
    detach: DetachOption = False,
) -> None:
    """Read news and posts, keep the knowledge graph up to date; runs until stopped."""
    request = JobRequest(
        job=NEWS_GRAPH,
        bootstrap=bootstrap or load_stack(directory).bootstrap,
        graph=graph,
        parallelism=parallelism,
        savepoint=None if from_scratch else savepoint,
        kafka_config=kafka_config,
        cluster=cluster,
        python=python,
    )
    _run(directory, request, detach=detach)


@app.command(CLICK_FRAUD)
def click_fraud(  # noqa: PLR0913 - a command's options are its arguments
    directory: DirOption = DEFAULT_DIR,
    bootstrap: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    *,
    graph: Annotated[str, typer.Option(help="Name of the graph whose alerts to write; the live one has none.")] = "",
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="How many workers read clicks.")] = 1,
    savepoint: SavepointOption = "",
    from_scratch: FromScratchOption = False,
    cluster: ClusterOption = "",
    python: PythonOption = sys.executable,
    detach: DetachOption = False,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(
            envvar="WIREGRAPH_PSEUDONYM_KEY",
            help="File with the key of the users' pseudonyms; DIR/secrets/pseudonym.key by default.",
        ),
    ] = None,
    cascade: Annotated[bool, typer.Option("--cascade/--no-cascade", help="Whether models judge too.")] = True,
) -> None:
    """Read clicks, raise alerts by the rules and the models; runs until stopped."""
    request = JobRequest(
        job=CLICK_FRAUD,
        bootstrap=bootstrap or load_stack(directory).bootstrap,
        graph=graph,
        parallelism=parallelism,
        savepoint=None if from_scratch else savepoint,
        kafka_config=kafka_config,
        pseudonym_key=pseudonym_key,
        cascade=cascade,
        cluster=cluster,
        python=python,
    )
    _run(directory, request, detach=detach)


def _run(directory: Path, request: JobRequest, *, detach: bool) -> None:
    """Start a job; without `detach` until it ends, however that comes."""
    if request.graph:
        wanted = alerts_spec(request.graph) if request.job == CLICK_FRAUD else graph_spec(request.graph)
        create_missing(kafka_options(directory, request.bootstrap, request.kafka_config), [wanted])
    typer.echo(f"{request.name} starts: its log is {jobs_control.log_file(directory, request.name)}", err=True)
    record = jobs_control.start(directory, request)
    try:
        jobs_control.await_running(directory, record)
        typer.echo(f"{record.name} runs: {_place(record)}")
        if not detach:
            _follow(directory, record)
    except (Failure, KeyboardInterrupt):
        jobs_control.end(directory, record)
        raise


def _place(record: JobRecord) -> str:
    return f"job {record.job_id} on {record.cluster}" if record.cluster else f"pid {record.pid}, Flink on {record.rest}"


def _follow(directory: Path, record: JobRecord) -> None:
    """Wait for a job's end; Ctrl-C ends it, its newest checkpoint stays."""
    try:
        while jobs_control.is_alive(record):
            time.sleep(0.5)
    except KeyboardInterrupt:
        jobs_control.end(directory, record)
        typer.echo(f"{record.name} stopped: the next start goes on from its newest checkpoint")
        return
    raise Failure(f"{record.name} ended by itself: see {jobs_control.log_file(directory, record.name)}")


@app.command("list")
def list_jobs(directory: DirOption = DEFAULT_DIR, *, json: JsonOption = False) -> None:
    """Show the jobs and their states."""
    found = jobs_control.list_jobs(directory)
    if json:
        typer.echo(orjson.dumps([asdict(job) for job in found]))
        return
    table = Table("job", "state", "pid", "Flink", "uptime", "id")
    for job in found:
        colour = "green" if job.state == "RUNNING" else "red" if job.state == "DEAD" else "yellow"
        table.add_row(
            job.name, f"[{colour}]{job.state}[/]", str(job.pid or "-"), job.rest, f"{job.uptime_s:.0f} s", job.job_id
        )
    Console().print(table)


@app.command()
def savepoint(
    job: JobArgument, target: TargetOption = None, directory: DirOption = DEFAULT_DIR, *, json: JsonOption = False
) -> None:
    """Take a savepoint of a running job."""
    _tell(jobs_control.take_savepoint(directory, job, target), "savepoint", json=json)


@app.command()
def stop(
    job: JobArgument, target: TargetOption = None, directory: DirOption = DEFAULT_DIR, *, json: JsonOption = False
) -> None:
    """Stop a running job with a savepoint; one in the default place is where the next start goes on."""
    _tell(jobs_control.stop(directory, job, target), f"{job} stopped, savepoint", json=json)


def _tell(location: str, what: str, *, json: bool) -> None:
    typer.echo(orjson.dumps({"savepoint": location}) if json else f"{what} in {location}")
