"""How fast the applier works off edges that wait in a topic, alone on its core."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from benchmarks.read_bench import BENCH_PYTHON, PATIENCE_S, Bench, module, say
from benchmarks.report import Figure
from serving.store import GraphReader, StoreError, graph_directory
from udfs.topics import graph_spec
from wiregraph.broker import ROOT
from wiregraph.topics_admin import create_missing

GRAPH = "upserts"
ROWS = 400_000
TARGET_PER_S = 20_000
COLD_SHARE = 0.1
"""Of the rows, the first; behind them the rate is taken, and what the start takes is no part of it."""


def figures(bench: Bench, group: str) -> Iterator[Figure]:
    """Edge rows a second."""
    rows = ROWS // 20 if bench.small else ROWS
    say(f"{rows:,} edges for the applier")
    spec = graph_spec(GRAPH)
    create_missing({"bootstrap_servers": bench.bootstrap}, [spec])
    feed = [str(BENCH_PYTHON), "-m", "benchmarks.read_feed", "edges", bench.bootstrap, spec.name, str(rows)]
    subprocess.run(feed, cwd=ROOT, check=True)
    store = bench.directory / "upserts"
    argv = [*module("serving.applier"), "--bootstrap", bench.bootstrap, "--store", str(store), "--graph", GRAPH]
    with bench.child(argv, bench.inner, "applier-of-edges"):
        points = list(_followed(bench, rows))
    (begin_s, first), (end_s, last) = points[0], points[-1]
    rate = (last - first) / (end_s - begin_s)
    yield Figure(group, "applier_edge_upserts", rate, "rows/s", rate / TARGET_PER_S, "target_20000")


def _followed(bench: Bench, rows: int) -> Iterator[tuple[float, int]]:
    """Times and how many rows are applied then, behind the cold share; raises TimeoutError."""
    reader = _opened(bench)
    deadline = time.monotonic() + PATIENCE_S
    applied = 0
    try:
        while applied < rows and time.monotonic() < deadline:
            time.sleep(0.05)
            reader.catch_up()
            applied = reader.view().progress().applied
            if applied >= COLD_SHARE * rows:
                yield time.monotonic(), applied
    finally:
        reader.close()
    if applied < rows:
        raise TimeoutError(f"the applier is at {applied} of {rows}")


def _opened(bench: Bench) -> GraphReader:
    path = graph_directory(bench.directory / "upserts", GRAPH)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            reader = GraphReader(path)
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            if not reader.view().empty():
                return reader
            reader.close()
