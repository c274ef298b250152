import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from udfs.topics import NEWS_GRAPH
from wiregraph.demo_stack import MARKER, Stopped, clean, demo_stack, stoppable
from wiregraph.errors import Failure, UsageError


def test_only_a_directory_that_a_demo_made_is_cleared(tmp_path: Path) -> None:
    foreign = tmp_path / "data"
    foreign.mkdir()
    (foreign / "precious").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="choose another --dir"):
        clean(foreign, print)
    assert (foreign / "precious").is_file()
    own = tmp_path / "demo"
    clean(own, print)
    (own / "old").write_text("x", "utf-8")
    clean(own, print)
    assert [each.name for each in own.iterdir() if not each.name.startswith("stack")] == [MARKER]


def test_a_second_demo_in_a_directory_is_refused(tmp_path: Path) -> None:
    held = f"import fcntl, sys; f = open({str(tmp_path / 'demo.lock')!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    wait = "; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", held + wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(Failure, match="already"), demo_stack(tmp_path / "demo", (NEWS_GRAPH,), print):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_and_a_second_one_does_not_disturb(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    second_survived = False

    def stopped_twice() -> None:
        nonlocal second_survived
        with stoppable():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                second_survived = True

    with pytest.raises(Stopped) as stopped:
        stopped_twice()
    assert second_survived
    assert stopped.value.code == 128 + number
    assert signal.getsignal(number) is before
