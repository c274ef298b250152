import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest
from typer.testing import CliRunner

from jobs.replay_plan import ReplayPlan
from serving.served import serve
from udfs.topics import ALL, NEWS
from wiregraph import ports, processes, stack_control
from wiregraph.cli import app
from wiregraph.errors import Failure
from wiregraph.processes import Launch
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import (
    APPLIER,
    BROKER,
    NAMES,
    SERVER,
    Stack,
    load_stack,
    plan_file,
    read_stack,
    save_stack,
    stack_file,
)
from wiregraph.stack_control import Wish, applier_launch, down, up
from wiregraph.topics_admin import record_counts

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "stack"
    down(tmp_path / "stack", print)


def marked(directory: Path) -> list[psutil.Process]:
    return processes.strays(directory, (), [])


def cluster_id(directory: Path) -> str:
    return (directory / "kafka" / "meta.properties").read_text()


def wiregraph(directory: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["stack", *arguments, "--dir", str(directory)])
    if isinstance(result.exception, Failure):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.jvm
def test_up_down_and_up_again(directory: Path) -> None:
    wiregraph(directory, "up")
    first, identity = load_stack(directory), cluster_id(directory)
    with open_sender({"bootstrap_servers": first.bootstrap}, NEWS) as sender:
        sender.send(Outgoing(NEWS, b"k", b"v", 1))
        sender.flush()

    said: list[str] = []
    assert up(Wish(directory), said.append) == first
    assert [line.split(":")[0] for line in said] == [f"the {name} already runs" for name in NAMES]
    with pytest.raises(Failure, match="already runs on port"):
        up(Wish(directory, kafka_port=ports.choose(None, 0)), print)

    processes.stop(first.processes[APPLIER])
    second = up(Wish(directory), print)
    assert second.processes[APPLIER] != first.processes[APPLIER]
    assert second.processes[SERVER] == first.processes[SERVER]

    status = orjson.loads(wiregraph(directory, "status", "--json"))
    assert [(row["name"], row["alive"]) for row in status["processes"]] == [(name, True) for name in NAMES]
    assert all(row["rss_bytes"] > 2**20 and row["uptime_s"] >= 0 for row in status["processes"])
    assert {row["name"]: row["records"] for row in status["topics"]} == {
        spec.name: int(spec.name == NEWS) for spec in ALL
    }
    assert "alive" in wiregraph(directory, "status")

    assert down(directory, print) == 3
    assert marked(directory) == []
    assert down(directory, print) == 0
    with pytest.raises(Failure, match="no stack runs"):
        load_stack(directory)

    third = up(Wish(directory, only_broker=True), print)
    assert (third.bootstrap, cluster_id(directory)) == (first.bootstrap, identity)
    assert record_counts({"bootstrap_servers": third.bootstrap}, [NEWS])[0].records == 1


@pytest.mark.jvm
def test_up_after_kill_9_of_up(directory: Path) -> None:
    command = [sys.executable, "-m", "wiregraph", "stack", "up", "--dir", str(directory)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not read_stack(directory).processes:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    # As if it had been killed a moment before it could write down what it had started.
    stack_file(directory).unlink()
    said: list[str] = []
    up(Wish(directory, only_broker=True), said.append)
    assert any("left over from an interrupted command" in line for line in said)
    assert len(marked(directory)) == 1


@pytest.mark.jvm
def test_a_broker_that_cannot_start_says_why(directory: Path) -> None:
    up(Wish(directory, only_broker=True), print)
    down(directory, print)
    (directory / "kafka" / "meta.properties").write_text("version=1\ncluster.id=other\nnode.id=7\n")
    with pytest.raises(Failure, match=r"the broker ended: .*node.id"):
        up(Wish(directory, only_broker=True), print)


def test_down_ends_jobs_and_strays_too(directory: Path) -> None:
    (directory / "jobs").mkdir(parents=True)
    job, stray, server = (
        processes.spawn(Launch(name, SLEEP, directory, directory / f"{name}.log"), directory)
        for name in ("news-graph", "stray", SERVER)
    )
    (directory / "jobs" / "news-graph.json").write_text(job.model_dump_json())
    save_stack(directory, Stack(kafka_port=1).with_process(server))
    said: list[str] = []
    assert down(directory, said.append) == 3
    assert said[:2] == ["stopped the job news-graph", "stopped the server"]
    assert not any(map(processes.is_alive, (job, stray, server)))
    assert list((directory / "jobs").iterdir()) == []
    assert read_stack(directory) == Stack(kafka_port=1)


def test_down_where_there_never_was_a_stack(tmp_path: Path) -> None:
    assert down(tmp_path / "nowhere", print) == 0
    assert not (tmp_path / "nowhere").exists()


def test_down_writes_nothing_about_a_stack_that_never_was(tmp_path: Path) -> None:
    assert down(tmp_path, print) == 0
    assert not stack_file(tmp_path).exists()


def test_a_port_that_is_taken_is_one_clear_line(directory: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Failure, match=f"port {port} is already taken"):
            up(Wish(directory, kafka_port=port), print)


def test_without_jars_it_says_what_to_run(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREGRAPH_JARS", str(directory / "nowhere"))
    with pytest.raises(Failure, match="make setup"):
        up(Wish(directory), print)


def test_status_of_nothing(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    status = orjson.loads(wiregraph(directory, "status", "--json"))
    assert [(row["name"], row["alive"]) for row in status["processes"]] == [
        (name, False) for name in (BROKER, APPLIER, SERVER)
    ]
    assert status["topics"] == []


def test_children_are_modules_of_serving(directory: Path) -> None:
    stack = Stack(kafka_port=1, grpc_port=2)
    launches = (stack_control.applier_launch(directory, stack), stack_control.server_launch(directory, stack))
    assert [launch.argv[2] for launch in launches] == ["serving.applier", "serving.server"]
    assert launches[1].port == 2


def test_a_replayed_graph_is_not_complete_beyond_the_end_of_its_plan(tmp_path: Path) -> None:
    (tmp_path / "store" / "again").mkdir(parents=True)
    serve(tmp_path / "store", "again")
    assert "--until-ms" not in applier_launch(tmp_path, Stack()).argv
    file = plan_file(tmp_path, "again")
    file.parent.mkdir()
    file.write_text(ReplayPlan(graph="again", topics=(NEWS,), from_ms=0, to_ms=5).model_dump_json())
    assert applier_launch(tmp_path, Stack()).argv[-2:] == ["--until-ms", "5"]
