"""The cascade alone: what an attempt costs, and how many the light model clears."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.fraud_bench import RATES
from benchmarks.report import Figure, percentile
from models.fraud_cases import attempts, is_reference
from models.fraud_recorded import sessions
from models.fraud_stream import has_data, injected_cases
from models.fraud_visits import Case
from udfs.cascade import Cascade, Stage, Verdict
from udfs.clicks import Click
from udfs.inference.cascade import load_cascade

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL_VISITS = "real_visits"
MADE_VISITS = "made_visits"
WARM_UP = 200
LIGHT_TARGET_MS = 1.0
ALL_TARGET_MS = 80.0
CLEARED_TARGET = 0.9
SEEDS = range(40)


def figures(data: Path = DATA) -> Iterator[Figure]:
    """Milliseconds of an attempt by who had the last word, and of all; the share that the light model clears.

    On the real visits with injected attempts where they are, else on drawn ones, which have far more fraud.
    """
    real = has_data(data)
    source = REAL_VISITS if real else MADE_VISITS
    cases = injected_cases(data) if real else [case for seed in SEEDS for case in sessions(seed)]
    windows = _windows(cases)
    cascade = load_cascade()
    for window in windows[:WARM_UP]:
        cascade.judge(window)
    timed = [_timed(cascade, window) for window in windows]
    for stage, target in ((Stage.LIGHT, LIGHT_TARGET_MS), (Stage.ENSEMBLE, ALL_TARGET_MS)):
        costs_ms = [cost_ms for cost_ms, verdict in timed if verdict.stage is stage]
        yield from _percentiles(f"cascade_{stage}", costs_ms, target)
    yield from _percentiles("cascade_attempt", [cost_ms for cost_ms, _ in timed], ALL_TARGET_MS)
    cleared = sum(verdict.stage is Stage.LIGHT for _, verdict in timed) / len(timed)
    yield Figure(RATES, "cascade_cleared_by_light", cleared, source, cleared / CLEARED_TARGET, "target_0.9")


def _percentiles(name: str, costs_ms: Sequence[float], target_ms: float) -> Iterator[Figure]:
    for share in (0.5, 0.95, 0.99):
        value = percentile(costs_ms, share)
        yield Figure(RATES, f"{name}_p{share * 100:.0f}", value, "ms", value / target_ms, f"target_{target_ms:.0f}_ms")


def _windows(cases: Sequence[Case]) -> list[Sequence[Click]]:
    """What the engine hands over: attempts on which the reference rule does not alert."""
    return [window for case in cases for _, window in attempts(case.clicks) if not is_reference(window)]


def _timed(cascade: Cascade, window: Sequence[Click]) -> tuple[float, Verdict]:
    started_s = time.perf_counter()
    verdict = cascade.judge(window)
    return 1_000 * (time.perf_counter() - started_s), verdict
