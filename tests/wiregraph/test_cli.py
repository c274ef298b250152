"""The command line's edges: exit codes, and one line for whatever is wrong."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from wiregraph.cli import app
from wiregraph.everywhere import whole_command


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wiregraph", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("arguments", [["nosuch"], ["job", "nope"], ["entity"], ["top", "--limit", "x"]])
def test_wrong_usage_is_one_line_and_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "--help" in done.stderr


def test_a_failure_is_one_line_and_1() -> None:
    done = run("job", "stop", "nothing", "--dir", "/nonexistent")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_help_and_no_arguments() -> None:
    assert run("--help").returncode == 0
    bare = run()
    assert bare.returncode == 2
    assert "ingest" in bare.stdout


def test_the_version() -> None:
    assert run("--version").stdout.startswith("wiregraph ")


def leaves(command: Any) -> Iterator[Any]:  # noqa: ANN401 - typer has no public name for its commands
    for inner in getattr(command, "commands", {}).values():
        yield from leaves(inner)
    if not hasattr(command, "commands"):
        yield command


def test_every_command_takes_kafka_config() -> None:
    whole = list(leaves(whole_command(app)))
    assert len(whole) > 20
    assert all([param.name for param in one.params].count("kafka_config") == 1 for one in whole)
    done = run("alerts", "--kafka-config", "client.properties", "--dir", "/nonexistent")
    assert (done.returncode, "no stack" in done.stderr) == (1, True)


def test_a_reason_that_is_none_names_those_there_are() -> None:
    done = run("dead-letters", "list", "--reason", "nope")
    assert done.returncode == 2
    assert "'missing_field'" in done.stderr
