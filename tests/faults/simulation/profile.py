"""How often what happens in one run: drawn from its seed, so that some runs are calm and others are not."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.faults.simulation.faults import Fault

RATES: dict[Fault, float] = {
    Fault.KILL_BETWEEN_CALLS: 0.02,
    Fault.KILL_BEFORE_WRITE: 0.08,
    Fault.KILL_AFTER_WRITE: 0.08,
    Fault.DISK_FULL: 0.08,
    Fault.DISK_UNSURE: 0.08,
    Fault.WRITES_LOST: 0.04,
    Fault.BLOCK_BAD: 0.01,
    Fault.STORE_MARKED: 0.02,
    Fault.BROKER_AWAY: 0.02,
    Fault.CHANGELOG_REPLACED: 0.005,
    Fault.COMPACTED: 0.02,
    Fault.JOB_KILL: 0.04,
    Fault.JOB_FROM_NOTHING: 0.01,
    Fault.TORN_TAIL: 0.03,
    Fault.STALE: 0.05,
    Fault.JUNK: 0.05,
    Fault.CLOCK_STEP: 0.03,
    Fault.SERVER_KILL: 0.03,
}
"""Where a run has a fault at all: its chance each time that it could happen."""

SHARE = 0.4
"""Of the faults, so many are in a run."""


@dataclass(frozen=True)
class Profile:
    """Of one run."""

    rates: dict[Fault, float]
    replicas: int = 1
    graph_partitions: int = 1
    fetch_max: int = 1_000
    poll_records_max: int = 1_000
    probe_interval_s: float = 0.0
    rows_at_once: int = 2_000


CALM = Profile({})


def some_profile(chance: random.Random) -> Profile:
    rates = {fault: rate for fault, rate in RATES.items() if chance.random() < SHARE}
    return Profile(
        rates,
        chance.choice([1, 1, 1, 2]),
        chance.randint(1, 4),
        chance.choice([3, 10, 40]),
        chance.choice([5, 30, 100]),
        chance.choice([0.0, 0.05, 0.2]),
        chance.choice([1, 3, 2_000]),
    )
