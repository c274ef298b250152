"""Reads of a large graph beside those of a million facts, with nobody writing: what size alone costs.

Asked for are windows that end at random minutes of the past, which the server keeps no answers of: an hour (a point), a
week, and a hundred entities at once. Entities drawn evenly touch more of the store than its caches hold.
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
    "batch_even": (BATCHED, {"draw": "uniform", "window_s": 24 * HOUR_S, "batch": BATCH}),
}


def figures(bench: Bench, group: str, facts: int) -> Iterator[Figure]:
    """Times a call takes, the small graph's rate over the large one's."""
    few = 50 if bench.small else 1
    small, large = (_rates(bench, size // few) for size in (SMALL_FACTS, facts))
    for name, rate in large.items():
        yield Figure(group, f"million_facts_{name}", small[name], "calls/s")
        slower = f"times_slower_than_a_million,_target_{TARGET}"
        yield Figure(group, f"{facts}_facts_{name}", rate, "calls/s", small[name] / rate, slower)


def _rates(bench: Bench, facts: int) -> dict[str, float]:
    say(f"a graph of {facts:,} facts")
    store = bench.directory / f"facts-{facts}"
    write_graph(store / "live", Size(facts), with_edges=False)
    with bench.server(store, bench.inner) as server:
        say(f"reads of {facts:,} facts")
        asked = QUESTIONS.items()
        return {name: bench.load(call, server.address, LOAD_S, past=True, **how).rate for name, (call, how) in asked}
