import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wiregraph.processes import strays


def run_demo(directory: Path, *options: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "wiregraph", "demo", "--dir", str(directory), *options]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.jvm
@pytest.mark.timeout(600)
def test_a_short_demo_agrees_with_the_truth_and_a_stopped_one_leaves_nothing_behind(tmp_path: Path) -> None:
    with run_demo(tmp_path, "--for", "10", "--rate", "20") as whole:
        output, _ = whole.communicate()
    assert whole.returncode == 0, output
    assert "every count is the one that was generated" in output
    assert "every alert is one that was generated" in output
    assert strays(tmp_path / "demo", (), ()) == []
    with run_demo(tmp_path) as cut:
        assert cut.stdout
        for line in cut.stdout:
            if "feeding: fed" in line:
                break
        cut.send_signal(signal.SIGINT)
        rest = cut.stdout.read()
    assert cut.returncode == 130, rest
    assert strays(tmp_path / "demo", (), ()) == []
