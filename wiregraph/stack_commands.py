"""`wiregraph stack up|down|status`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from wiregraph import processes, stack_control
from wiregraph.errors import Failure, UsageError
from wiregraph.guarding import guarding
from wiregraph.kafka_config import kafka_options
from wiregraph.options import DEFAULT_DIR, DirOption, JsonOption
from wiregraph.ports import HOST
from wiregraph.processes import ProcessRecord
from wiregraph.stack import BROKER, NAMES, Stack, read_jobs, read_stack
from wiregraph.topics_admin import TopicCount, record_counts

app = typer.Typer(no_args_is_help=True, help="The local stack: a Kafka broker, the applier and the server.")

KafkaPortOption = Annotated[
    int | None, typer.Option(min=1, max=65535, help="The broker's port; by default a free one.")
]
GrpcPortOption = Annotated[int | None, typer.Option(min=1, max=65535, help="The server's port; by default a free one.")]

ServersOption = Annotated[
    int, typer.Option(min=1, help="Server processes on that port, where none runs yet: one for each core at best.")
]


HostOption = Annotated[
    str,
    typer.Option("--grpc-host", help="The server's address; other than loopback only with --tls-cert and --tls-key."),
]
CertOption = Annotated[
    Path | None, typer.Option("--tls-cert", help="The server's certificate, PEM; calls then need a token as well.")
]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Its key, PEM.")]
ClientCaOption = Annotated[
    Path | None, typer.Option("--tls-client-ca", help="Clients need a certificate of this CA besides, PEM.")
]
PlainOption = Annotated[bool, typer.Option("--no-tls", help="Guard the server no longer, on loopback.")]


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """A process as `status` shows it; uptime in seconds, memory in bytes, both 0 where it is dead."""

    name: str
    alive: bool
    pid: int
    port: int
    uptime_s: float
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class StackStatus:
    """All that `status` shows; addresses are HOST:PORT, topics are empty where no broker runs."""

    dir: str
    bootstrap: str
    grpc: str
    processes: list[ProcessStatus]
    topics: list[TopicCount]


@app.command()
def up(  # noqa: PLR0913 - a command's options are its arguments
    *,
    directory: DirOption = DEFAULT_DIR,
    kafka_port: KafkaPortOption = None,
    grpc_port: GrpcPortOption = None,
    servers: ServersOption = 1,
    host: HostOption = HOST,
    tls_cert: CertOption = None,
    tls_key: KeyOption = None,
    tls_client_ca: ClientCaOption = None,
    plain: PlainOption = False,
    json: JsonOption = False,
) -> None:
    """Start what does not run yet; data, ports and certificates are those of the last time."""
    guarded = guarding(host, tls_cert, tls_key, tls_client_ca)
    if plain and guarded:
        raise UsageError("--no-tls and --tls-cert are at odds: leave one of them out")
    wish = stack_control.Wish(directory, kafka_port, grpc_port, servers=servers, guarding=guarded, plain=plain)
    try:
        stack_control.up(wish, _silent if json else _say)
    except KeyboardInterrupt:
        raise Failure("interrupted: `wiregraph stack up` goes on, `wiregraph stack down` stops what runs") from None
    _show(directory, json, topics=False)


@app.command()
def down(directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Stop the jobs, the server, the applier and the broker; data stays."""
    stopped = stack_control.down(directory, _silent if json else _say)
    if json:
        typer.echo(orjson.dumps({"dir": str(directory.resolve()), "stopped": stopped}))
    elif not stopped:
        typer.echo(f"no stack runs in {directory}")


@app.command()
def status(directory: DirOption = DEFAULT_DIR, json: JsonOption = False) -> None:
    """Show the processes, and the topics with their records."""
    _show(directory, json, topics=True)


def _say(line: str) -> None:
    typer.echo(line)


def _silent(_line: str) -> None:
    return


def _show(directory: Path, json: bool, *, topics: bool) -> None:
    found = stack_status(directory, topics=topics)
    if json:
        typer.echo(orjson.dumps(asdict(found)))
    else:
        _print(found, Console())


def stack_status(directory: Path, *, topics: bool = True) -> StackStatus:
    """What runs in a stack's directory; `topics` counts their records too."""
    stack = read_stack(directory)
    own = [_process_status(stack.processes.get(name) or _dead(name, stack)) for name in NAMES]
    jobs = [_process_status(record) for _, record in read_jobs(directory) if not record.cluster]
    counts = record_counts(kafka_options(directory)) if topics and stack.runs(BROKER) else []
    return StackStatus(str(directory.resolve()), stack.bootstrap, stack.grpc, [*own, *jobs], counts)


def _dead(name: str, stack: Stack) -> ProcessRecord:
    ports = {NAMES[0]: stack.kafka_port, NAMES[2]: stack.grpc_port}
    return ProcessRecord(name=name, pid=0, started=0.0, port=ports.get(name, 0))


def _process_status(record: ProcessRecord) -> ProcessStatus:
    process = processes.find(record) if record.pid else None
    if process is None:
        return ProcessStatus(record.name, alive=False, pid=record.pid, port=record.port, uptime_s=0.0, rss_bytes=0)
    uptime_s = round(max(0.0, time.time() - record.started), 1)
    return ProcessStatus(
        record.name, alive=True, pid=record.pid, port=record.port, uptime_s=uptime_s, rss_bytes=processes.rss(process)
    )


def _print(found: StackStatus, console: Console) -> None:
    table = Table("process", "state", "pid", "address", "uptime", "memory")
    for row in found.processes:
        state = "[green]alive[/]" if row.alive else "[red]dead[/]"
        address = f"{HOST}:{row.port}" if row.port else ""
        if row.alive:
            table.add_row(row.name, state, str(row.pid), address, _duration(row.uptime_s), _mebibytes(row.rss_bytes))
        else:
            table.add_row(row.name, state, "", address, "", "")
    console.print(table)
    if found.topics:
        topics = Table("topic", "partitions", "records")
        for topic in found.topics:
            topics.add_row(topic.name, str(topic.partitions), f"{topic.records:,}")
        console.print(topics)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
