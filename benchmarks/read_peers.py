"""What reads are compared with, on the core that ours had and with nobody else at work: redis, sqlite, kuzu."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

from benchmarks.cores import pinned
from benchmarks.read_bench import BENCH_PYTHON, Bench, say
from benchmarks.read_names import ENTITIES
from benchmarks.read_requests import BATCH
from benchmarks.report import Figure
from wiregraph import ports
from wiregraph.broker import ROOT

REDIS = "redis-server"
CLIENTS = 16
GETS = 300_000
MGETS = 20_000
VALUE_BYTES = 200
"""About what one entity takes in an answer."""
RELATIONS_S = 5.0
RATIO_TARGET = 5


def figures(bench: Bench, group: str) -> Iterator[Figure]:
    """Ratios are ours over theirs, but for MGET, which is no more than a hundred gets in one call."""
    yield from _redis(bench, group)
    for name in ("sqlite", "kuzu"):
        say(name)
        rate = _relations(bench, name)
        yield Figure(group, f"peer_{name}_top_20", rate, "calls/s", bench.found["get_neighbors_top_20"] / rate, "ours")


def _redis(bench: Bench, group: str) -> Iterator[Figure]:
    reason = _set_up_redis()
    if reason:
        say(f"redis is left out: {reason}")
        return
    say("redis")
    port = str(ports.choose(None, 0, ()))
    argv = [REDIS, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(bench.directory)]
    with bench.child(argv, bench.inner, "redis") as child:
        bench.await_port(child, int(port))
        few = 20 if bench.small else 1
        _redis_rate(bench, port, ["-n", str(GETS), "-d", str(VALUE_BYTES), "-P", "16", "-t", "set"])
        gets = _redis_rate(bench, port, ["-n", str(GETS // few), "-t", "get"])
        keys = ["key:__rand_int__"] * BATCH
        mgets = BATCH * _redis_rate(bench, port, ["-n", str(MGETS // few), "mget", *keys])
    ours = bench.found["batch"]
    yield Figure(group, "peer_redis_get", gets, "entities/s", ours / gets, f"batch_of_100,_target_{RATIO_TARGET}")
    yield Figure(group, "peer_redis_mget_of_100", mgets, "entities/s", ours / mgets, "batch_of_100")


def _set_up_redis() -> str:
    """Why there is no redis; empty where there is."""
    if shutil.which(REDIS):
        return ""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "it is not installed, and only root could do so by apt-get"
    say("installing redis-server")
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", REDIS]
    for argv in (["apt-get", "update", "--quiet"], install):
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["apt-get failed"])[-1]
    return ""


def _redis_rate(bench: Bench, port: str, command: list[str]) -> float:
    """Calls a second by redis' own client, which is written in C."""
    argv = ["redis-benchmark", "-p", port, "-c", str(CLIENTS), "-r", str(ENTITIES), "--csv", *command]
    with pinned(bench.outer):
        said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return float(said.strip().splitlines()[-1].rsplit('","', 7)[1].strip('"'))


def _relations(bench: Bench, name: str) -> float:
    directory = bench.directory / name
    directory.mkdir()
    seconds = str(bench.seconds(RELATIONS_S))
    argv = [str(BENCH_PYTHON), "-m", "benchmarks.read_relations", name, str(directory), str(bench.facts), seconds]
    with pinned(bench.inner):
        said = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return float(said)
