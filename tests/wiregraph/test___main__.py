import subprocess
import sys

import pytest


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
    done = run("alerts", "--kafka-config", "client.properties", "--dir", "/nonexistent")
    assert "no stack" in done.stderr
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
