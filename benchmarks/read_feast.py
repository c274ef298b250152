"""Feast's Python server with the same entities and as many features, on the core that ours had.

Its environment is made here, since nothing else needs it. Where that fails, a line says why and there are no rows.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.read_bench import Bench, Child, say
from benchmarks.read_names import ENTITIES
from benchmarks.read_requests import BATCH, FEAST
from benchmarks.report import Figure, percentile
from wiregraph import ports
from wiregraph.broker import ROOT

VENV = ROOT / ".build" / "feast-venv"
REQUIREMENTS = Path(__file__).with_name("feast-requirements.txt")
LOAD_S = 5.0
RATIO_TARGETS = {1: 8, BATCH: 20}


def figures(bench: Bench, group: str) -> Iterator[Figure]:
    """Calls/s of one entity and of 100, each with its p99 at half of them."""
    reason = _set_up()
    if reason:
        say(f"feast is left out: {reason}")
        return
    say("feast")
    with _serving(bench) as server:
        for batch, ours in ((1, "get_entity"), (BATCH, "batch")):
            rate = bench.load(FEAST, server.address, LOAD_S, batch=batch, connections=16, streams=1).rate
            half = bench.load(FEAST, server.address, LOAD_S, batch=batch, connections=16, rate=rate / 2)
            ratio = bench.found[ours] / batch / rate
            name = f"feast_of_{batch}"
            target = f"ours_over_it,_target_{RATIO_TARGETS[batch]}"
            yield Figure(group, f"peer_{name}", rate, "calls/s", ratio, target)
            yield Figure(group, f"peer_{name}_half_load_p99", percentile(half.latencies_ms, 0.99), "ms")


def _set_up() -> str:
    """Why there is no Feast; empty where there is."""
    if (VENV / "done").exists():
        return ""
    say("an environment for feast, once")
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    for argv in ([sys.executable, "-m", "venv", str(VENV)], pip):
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or [f"{argv[1:3]} failed"])[-1]
    (VENV / "done").touch()
    return ""


@contextmanager
def _serving(bench: Bench) -> Iterator[Child]:
    repository = bench.directory / "feast"
    repository.mkdir()
    make = [str(VENV / "bin" / "python"), "-m", "benchmarks.read_feast_repo", str(repository), str(ENTITIES)]
    subprocess.run(make, cwd=ROOT, check=True, capture_output=True)
    port = ports.choose(None, 0, ())
    serve = [str(VENV / "bin" / "feast"), "--chdir", str(repository), "serve", "--port", str(port)]
    # By default it lets its only worker go after a thousand calls.
    with bench.child([*serve, "--no-access-log", "--max-requests", "0"], bench.inner, "feast") as child:
        child.address = f"127.0.0.1:{port}"
        bench.await_port(child, port)
        yield child
