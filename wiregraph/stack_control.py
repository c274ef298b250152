"""Bring a local stack up and take it down; each step is written down before the next one begins.

So whatever interrupts a command, the next one finds what runs: by the file, by the mark that each
child carries, and by the lock that the system frees.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.replay_plan import ReplayPlan
from serving.served import served_graph, topic_graph
from udfs.topics import ALL, graph_topic
from wiregraph import ports, processes
from wiregraph.broker import ROOT, BrokerPlan, prepare
from wiregraph.errors import Failure
from wiregraph.guarding import Guarding, server_options
from wiregraph.ports import HOST
from wiregraph.processes import Launch, ProcessRecord
from wiregraph.pseudonym_key import ensure_key
from wiregraph.stack import (
    APPLIER,
    BROKER,
    NAMES,
    SERVER,
    JobRecord,
    Stack,
    locked,
    plan_file,
    read_jobs,
    read_stack,
    save_stack,
)
from wiregraph.topics_admin import create_missing

READY_TIMEOUT_S = 300.0
"""For a machine under load; who has ended is noticed at once."""
APPLIER_SETTLES_S = 1.0
GRACE_S = 20.0

Say = Callable[[str], None]
"""Takes a line about what is being done."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What `stack up` was asked for; a port of None means any, `only_broker` leaves the rest out.

    `servers` is the number of server processes, where none runs yet. Without `guarding` the server is guarded as the
    last time, with `plain` not at all.
    """

    directory: Path
    kafka_port: int | None = None
    grpc_port: int | None = None
    only_broker: bool = False
    guarding: Guarding | None = None
    plain: bool = False
    servers: int = 1


def up(wish: Wish, say: Say) -> Stack:
    """Start what does not run; gives the stack once everything answers. Raises Failure with the reason."""
    directory = wish.directory.resolve()
    with locked(directory):
        _end_strays(directory, NAMES, say)
        stack = _with_ports(directory, _with_guarding(read_stack(directory), wish), wish, say)
        ensure_key(directory)
        stack = _up_broker(directory, stack, say)
        return stack if wish.only_broker else _up_serving(directory, stack, wish.servers, say)


def _with_guarding(stack: Stack, wish: Wish) -> Stack:
    """The stack as it is to be guarded."""
    if wish.guarding is None and not wish.plain:
        return stack
    if stack.runs(SERVER) and stack.guarding != wish.guarding:
        raise Failure("the server already runs and is guarded otherwise: `wiregraph stack down` first to change that")
    return stack.model_copy(update={"guarding": wish.guarding})


def _with_ports(directory: Path, stack: Stack, wish: Wish, say: Say) -> Stack:
    """Settle the ports of what does not run, and stop what would go on with an old address."""
    _refuse_move(BROKER, stack, wish.kafka_port, stack.kafka_port)
    _refuse_move(SERVER, stack, wish.grpc_port, stack.grpc_port)
    if not stack.runs(BROKER):
        kafka = ports.choose(wish.kafka_port, stack.kafka_port)
        if kafka != stack.kafka_port:
            stack = _stopped(directory, stack, (SERVER, APPLIER), say)
        controller = ports.choose(None, stack.controller_port, (kafka,))
        stack = stack.model_copy(update={"kafka_port": kafka, "controller_port": controller})
    if not stack.runs(SERVER):
        grpc = ports.choose(wish.grpc_port, stack.grpc_port, (stack.kafka_port, stack.controller_port))
        stack = stack.model_copy(update={"grpc_port": grpc})
    save_stack(directory, stack)
    return stack


def _refuse_move(name: str, stack: Stack, asked: int | None, port: int) -> None:
    if asked and asked != port and stack.runs(name):
        raise Failure(f"the {name} already runs on port {port}: `wiregraph stack down` first to move it")


def _up_broker(directory: Path, stack: Stack, say: Say) -> Stack:
    plan = BrokerPlan(directory, stack.kafka_port, stack.controller_port)
    if stack.runs(BROKER):
        _tell_running(stack, BROKER, say)
    else:
        say("starting the broker")
        stack = _start(directory, stack, Launch(BROKER, prepare(plan), directory, plan.log, stack.kafka_port))
    _await_port(directory, stack.processes[BROKER])
    created = create_missing({"bootstrap_servers": stack.bootstrap}, ALL)
    if created:
        say(f"created topics {', '.join(created)}")
    return stack


def _up_serving(directory: Path, stack: Stack, servers: int, say: Say) -> Stack:
    for launch in (applier_launch(directory, stack), server_launch(directory, stack, servers)):
        if stack.runs(launch.name):
            _tell_running(stack, launch.name, say)
        else:
            say(f"starting the {launch.name}")
            stack = _start(directory, stack, launch)
    _await_port(directory, stack.processes[SERVER], stack.grpc_host)
    _await_settled(directory, stack.processes[APPLIER])
    return stack


def applier_launch(directory: Path, stack: Stack) -> Launch:
    """How the served graph's applier is started."""
    graph = topic_graph(served_graph(directory / "store"))
    options = ["--bootstrap", stack.bootstrap, "--store", str(directory / "store"), "--graph", graph]
    plan = plan_file(directory, graph)
    if plan.exists():
        options += ["--until-ms", str(ReplayPlan.model_validate_json(plan.read_bytes()).to_ms)]
    return _python(APPLIER, directory, options, 0)


def follow_served(directory: Path, say: Say) -> None:
    """Have the applier, where one runs, follow the graph that is served now."""
    directory = directory.resolve()
    with locked(directory):
        stack = read_stack(directory)
        if not stack.runs(APPLIER):
            return
        stack = _stopped(directory, stack, (APPLIER,), say)
        stack = _start(directory, stack, applier_launch(directory, stack))
        _await_settled(directory, stack.processes[APPLIER])
        say(f"the applier follows {graph_topic(topic_graph(served_graph(directory / 'store')))}")


def server_launch(directory: Path, stack: Stack, servers: int = 1) -> Launch:
    """How the server is started, as so many processes on one port."""
    options = ["--store", str(directory / "store"), "--port", str(stack.grpc_port), "--bootstrap", stack.bootstrap]
    options += server_options(stack.guarding, directory)
    options += ["--processes", str(servers)] if servers > 1 else []
    return _python(SERVER, directory, options, stack.grpc_port)


def _python(name: str, directory: Path, options: list[str], port: int) -> Launch:
    argv = [sys.executable, "-m", f"serving.{name}", *options]
    return Launch(name, argv, directory, directory / "logs" / f"{name}.log", port)


def _start(directory: Path, stack: Stack, launch: Launch) -> Stack:
    stack = stack.with_process(processes.spawn(launch, ROOT))
    save_stack(directory, stack)
    return stack


def _tell_running(stack: Stack, name: str, say: Say) -> None:
    record = stack.processes[name]
    say(f"the {name} already runs: pid {record.pid}{f', {HOST}:{record.port}' if record.port else ''}")


def _await_port(directory: Path, record: ProcessRecord, host: str = HOST) -> None:
    """Wait until a process listens; raises Failure with its last words where it ends instead."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not ports.accepts(record.port, host):
        _check_alive(directory, record)
        if time.monotonic() > deadline:
            raise Failure(
                f"the {record.name} does not answer on port {record.port}: see {_log(directory, record.name)}"
            )
        time.sleep(0.05)
    _check_alive(directory, record)


def _await_settled(directory: Path, record: ProcessRecord) -> None:
    """Give a process without a port time to fail."""
    while time.time() < record.started + APPLIER_SETTLES_S:
        _check_alive(directory, record)
        time.sleep(0.05)
    _check_alive(directory, record)


def _check_alive(directory: Path, record: ProcessRecord) -> None:
    if not processes.is_alive(record):
        log = _log(directory, record.name)
        raise Failure(f"the {record.name} ended: {processes.last_words(log)}")


def _log(directory: Path, name: str) -> Path:
    return directory / "logs" / f"{name}.log"


def down(directory: Path, say: Say) -> int:
    """Stop the jobs, then server, applier and broker, and whatever else is left; gives how many were stopped."""
    directory = directory.resolve()
    if not directory.is_dir():
        return 0
    with locked(directory):
        stack = read_stack(directory)
        stopped = sum(_stop_job(file, record, say) for file, record in read_jobs(directory))
        running = sum(stack.runs(name) for name in NAMES)
        _stopped(directory, stack, tuple(reversed(NAMES)), say)
        return stopped + running + _end_strays(directory, (), say)


def _stop_job(file: Path, record: JobRecord, say: Say) -> bool:
    if record.cluster:
        say(f"the job {record.name} goes on on {record.cluster}: `wiregraph job stop {record.name}` ends it")
        return False
    ended = processes.stop(record, GRACE_S)
    if ended:
        say(f"stopped the job {record.name}")
    file.unlink(missing_ok=True)
    return ended


def _stopped(directory: Path, stack: Stack, names: tuple[str, ...], say: Say) -> Stack:
    for name in names:
        record = stack.processes.get(name)
        if record and processes.stop(record, GRACE_S):
            say(f"stopped the {name}")
        if record:
            stack = stack.without_process(name)
            save_stack(directory, stack)
    return stack


def _end_strays(directory: Path, names: tuple[str, ...], say: Say) -> int:
    """Stop what an interrupted command started and did not write down."""
    known = [*read_stack(directory).processes.values(), *(record for _, record in read_jobs(directory))]
    strays = processes.strays(directory, names, known)
    for process in strays:
        processes.end(process, GRACE_S)
        say(f"stopped process {process.pid}, left over from an interrupted command")
    return len(strays)
