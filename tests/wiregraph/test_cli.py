"""The command line's edges: exit codes, and one line for whatever is wrong."""

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wiregraph", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_and_no_arguments() -> None:
    assert run("--help").returncode == 0
    bare = run()
    assert bare.returncode == 2
    assert "ingest" in bare.stdout


def test_the_version() -> None:
    assert run("--version").stdout.startswith("wiregraph ")


def test_a_reason_that_is_none_names_those_there_are() -> None:
    done = run("dead-letters", "list", "--reason", "nope")
    assert done.returncode == 2
    assert "'missing_field'" in done.stderr
