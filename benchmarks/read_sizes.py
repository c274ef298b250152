"""Reads of a large graph beside those of a million facts, with nobody writing: what size alone costs.

Entities evenly drawn touch more than any cache holds; drawn by Zipf's law, they are as in the other figures. A day and
an hour before the graph's last event are asked for, points in one call each, and a hundred at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.read_bench import Bench, say
from benchmarks.read_graph import Size
from benchmarks.read_requests import BATCH, BATCHED, UNARY
from benchmarks.read_store import write_graph
from benchmarks.report import Figure

LOAD_S = 4.0
HOUR_S = 3_600
WEEK_S = 7 * 24 * HOUR_S
TARGET = 1.3
SMALL_FACTS = 1_000_000
QUESTIONS = {
    "point_zipf": (UNARY, {"draw": "zipf", "window_s": HOUR_S}),
    "point_even": (UNARY, {"draw": "uniform", "window_s": HOUR_S}),
    "week_zipf": (UNARY, {"draw": "zipf", "window_s": WEEK_S}),
    "week_even": (UNARY, {"draw": "uniform", "window_s": WEEK_S}),
    "batch_even": (BATCHED, {"draw": "uniform", "batch": BATCH}),
}


def figures(bench: Bench, group: str, facts: int) -> Iterator[Figure]:
    """Times a call takes, the small graph's rate over the large one's."""
    small = SMALL_FACTS // 50 if bench.small else SMALL_FACTS
    rates = {size: _rates(bench, size) for size in (small, facts)}
    for name, rate in rates[facts].items():
        slower = rates[small][name] / rate
        yield Figure(group, f"{facts}_facts_{name}", rate, "calls/s", slower, f"times_slower_than_{small},_target_1.3")


def _rates(bench: Bench, facts: int) -> dict[str, float]:
    say(f"a graph of {facts:,} facts")
    store = bench.directory / f"facts-{facts}"
    write_graph(store / "live", Size(facts), with_edges=False)
    with bench.server(store, bench.inner) as server:
        say(f"reads of {facts:,} facts")
        asked = QUESTIONS.items()
        return {name: bench.load(call, server.address, LOAD_S, **how).rate for name, (call, how) in asked}
