"""The click job at a steady rate: how soon alerts come, how soon a rule has effect, what memory does.

Event time runs some 60 times faster than the clock, so that the 15 minutes that are remembered are full before memory
is watched. `WIREGRAPH_SOAK_MINUTES` (1.5 by default) is how long that is; for a soak alone, some minutes more at will:

    WIREGRAPH_SOAK_MINUTES=15 python -m benchmarks.fraud_live RATE
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.cores import pinned
from benchmarks.fraud_bench import CLICKS, CONTENDER_S, LIVE, Bench, click_job, two_cores
from benchmarks.load import Load
from benchmarks.report import Figure, percentile
from udfs.topics import ALERTS
from wiregraph import processes, stack_control

SOAK_MINUTES = float(os.environ.get("WIREGRAPH_SOAK_MINUTES", "1.5"))
WARM_UP_S = 30.0
"""At the same rate, before anything is measured: a job that has just started still compiles its code."""
LATENCY_TARGETS_MS = {0.50: 50, 0.95: 50, 0.99: 50, 0.999: 100}
EFFECT_TARGET_MS = 1_000


def live(bench: Bench, rate: float) -> Iterator[Figure]:
    """At a rate in clicks a second, warm."""
    with click_job(bench, bench.inner) as process:
        # The job has read what the contenders had, so that the clicks to come are the first it waits for.
        bench.observe(ALERTS, CONTENDER_S)
        with Memory(process) as memory, Load(process, bench.inner, bench.outer) as load:
            seconds = 60 * SOAK_MINUTES
            found: dict[str, Any] = json.loads(
                bench.stream("pace", str(rate), str(WARM_UP_S), str(seconds), str(CLICKS))
            )
    yield Figure(LIVE, "live_rate", found["rate"], "clicks/s", found["rate"] / rate, f"asked_for_{rate:.0f}")
    yield Figure(LIVE, "pause_of_who_sends_max", found["pause_ms"], "ms")
    yield Figure(LIVE, "core_of_the_job_taken_by_others", load.by_others, "share")
    yield Figure(LIVE, "core_of_who_sends_busy", load.outer_busy, "share")
    for share, target in LATENCY_TARGETS_MS.items():
        value = percentile(found["calm_ms"], share)
        yield Figure(LIVE, f"click_to_alert_p{100 * share:g}", value, "ms", value / target, f"target_{target}_ms")
    changing = percentile(found["changing_ms"], 0.99)
    yield Figure(LIVE, "click_to_alert_p99_while_rules_change", changing, "ms", changing / 50, "target_50_ms")
    slowest = max(found["effects_ms"], default=float("nan"))
    yield Figure(LIVE, "rule_to_effect_max", slowest, "ms", slowest / EFFECT_TARGET_MS, "target_1000_ms")
    yield Figure(LIVE, "memory_of_the_job", memory.last_mib, "MiB")
    yield Figure(LIVE, "memory_slope", memory.slope_mib_per_min, "MiB/min")


class Memory:
    """Resident MiB of a process and what it has started, each second; the slope is that of the second half."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._points: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(1.0):
            self._points.append((time.monotonic() / 60, processes.rss(self._process) / 2**20))

    @property
    def last_mib(self) -> float:
        """What is resident in the end."""
        return self._points[-1][1]

    @property
    def slope_mib_per_min(self) -> float:
        """Least squares over the second half, when what is remembered has come to its full size."""
        points = self._points[len(self._points) // 2 :]
        mean_x = sum(x for x, _y in points) / len(points)
        mean_y = sum(y for _x, y in points) / len(points)
        spread = sum((x - mean_x) ** 2 for x, _y in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / max(spread, 1e-9)


def main() -> None:
    """A soak: prints the figures, writes no results."""
    rate = float(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="wiregraph-soak-") as folder:
        bench = Bench(Path(folder), *two_cores())
        try:
            with pinned(bench.outer):
                bench.begin()
                for figure in live(bench, rate):
                    print(figure.line(), flush=True)
        finally:
            stack_control.down(bench.directory, lambda _line: None)


if __name__ == "__main__":
    main()
