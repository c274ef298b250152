"""Runs of the simulation: `python -m tests.faults.simulation.run --first 0 --count 2000`.

With `--seed 7` it replays one, and prints what broke when, and how often each fault was injected and observed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from tests.faults.simulation.disturbing import Disturber
from tests.faults.simulation.faults import Fault
from tests.faults.simulation.inputs import END_MS, Inputs, some_inputs
from tests.faults.simulation.invariants import demand
from tests.faults.simulation.kafka import Topic
from tests.faults.simulation.profile import CALM, some_profile
from tests.faults.simulation.readers import Replica
from tests.faults.simulation.seams import Clock, Skips, staged
from tests.faults.simulation.store import Disk, SimulatedReader, SimulatedWriter
from tests.faults.simulation.twin import content_of
from tests.faults.simulation.world import FOLLOWED, World
from udfs.lateness import OUT_OF_ORDERNESS_MS
from udfs.topics import GRAPH

WATERMARK_MS = END_MS - OUT_OF_ORDERNESS_MS
STEPS_MAX = 10
ROUNDS_MAX = 200
SHARE = 250
"""So many seeds a process runs at once."""


class Stage:
    """Where one world after the other plays."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.world: World

    def open_writer(self, path: Path) -> SimulatedWriter:
        return self.world.open_writer(path)

    def open_reader(self, path: Path) -> SimulatedReader:
        return self.world.open_reader(path)

    def move_aside(self, path: Path, stamp_ms: int) -> Path:
        return self.world.move_aside(path, stamp_ms)

    def identity(self, path: Path) -> str:
        return self.world.identity(path)

    def mark(self, path: Path, identity: str) -> None:
        self.world.mark(path, identity)

    def is_broken(self, path: Path, identity: str) -> bool:
        return self.world.is_broken(path, identity)


@dataclass
class Outcome:
    """Of one run; `error` is empty where all held."""

    seed: int
    error: str = ""
    injected: Counter[Fault] = field(default_factory=Counter)
    answers: int = 0
    lines: list[str] = field(default_factory=list)


class Runner:
    """Runs seeds; within `staged`."""

    def __init__(self, stage: Stage, skips: Skips) -> None:
        self._stage = stage
        self._skips = skips

    def run(self, seed: int) -> Outcome:
        """A run is a function of its seed alone."""
        chance = random.Random(seed)
        inputs = some_inputs(chance)
        self._stage.clock.reset()
        world = World(self._stage.clock, chance, inputs, some_profile(chance))
        self._stage.world = world
        world.on_act = Disturber(world).act
        try:
            _live(world)
            self._settle(world)
            self._compare(world, inputs)
            world.faults.check()
        except Exception as error:  # noqa: BLE001 - whatever a broken applier raises is what is looked for
            return _outcome(world, seed, f"{type(error).__name__}: {error}")
        return _outcome(world, seed, "")

    def _settle(self, world: World) -> None:
        world.bring_all()
        for replica in world.replicas:
            _run_to_the_end(world, replica)
            demand(_answers(world, replica), f"{replica.root} does not answer")
        fresh = Replica(Path("fresh"))
        self._skips.names.clear()
        _run_to_the_end(world, fresh)
        world.replicas.append(fresh)
        demand(_answers(world, fresh), "a fresh replica does not answer")
        _account(world, world.disks[fresh.path], self._skips.names)

    def _compare(self, world: World, inputs: Inputs) -> None:
        """The dump and all behind it are those of a run in which nothing ever broke."""
        calm = World(self._stage.clock, random.Random(0), inputs, CALM)
        self._stage.world = calm
        calm.bring_all()
        _run_to_the_end(calm, calm.replicas[0])
        self._stage.world = world
        wanted = _final(calm.disks[calm.replicas[0].path])
        for replica in world.replicas:
            found = _final(world.disks[replica.path])
            demand(found == wanted, f"{replica.root} ends otherwise than without faults")


def _answers(world: World, replica: Replica) -> bool:
    """The first call may bring a version of a changelog that is no more."""
    return any(world.client.read(replica, world.topic_id) for _ in range(2))


def _live(world: World) -> None:
    for _ in range(world.chance.randint(3, 10)):
        for _ in range(world.chance.randint(0, 4)):
            world.act()
        replica = world.chance.choice(world.replicas)
        world.run_replica(replica, world.chance.randint(1, 8))


def _run_to_the_end(world: World, replica: Replica) -> None:
    for _ in range(ROUNDS_MAX):
        world.run_replica(replica, STEPS_MAX)
        disk = world.disks.get(replica.path)
        if disk is not None and _is_done(world, disk):
            return
    raise AssertionError(f"{replica.root} does not come to an end")


def _is_done(world: World, disk: Disk) -> bool:
    progress = disk.now.progress
    if progress is None or progress.topic_id != world.topic_id or disk.pending:
        return False
    offsets = {GRAPH: progress.offsets} | {name: one.offsets for name, one in progress.side.items()}
    all_read = all(world.broker.topics[name].ends() == offsets.get(name) for name in FOLLOWED if name in offsets)
    followed = offsets.keys() == {name for name in FOLLOWED if name in world.broker.topics}
    marks = (progress.watermark_ms, progress.alerts_watermark_ms)
    return all_read and followed and marks == (WATERMARK_MS, WATERMARK_MS)


def _final(disk: Disk) -> tuple[object, ...]:
    progress = disk.now.progress
    assert progress is not None
    counters = (progress.facts, progress.entities, progress.erasures, progress.first_event_ms, progress.latest_event_ms)
    return content_of(disk.now.data), counters, progress.watermark_ms, progress.alerts_watermark_ms


def _account(world: World, fresh: Disk, skipped: set[str]) -> None:
    """What a fresh replica was given shows what was done to the log; servers and the clock tell for themselves."""
    faults, topic = world.faults, world.broker.topics[GRAPH]
    faults.inject(Fault.COMPACTED, sum(record.gone for record in topic.records()))
    held = sum(len(log) for log in topic.partitions)
    faults.observe(
        Fault.COMPACTED, held - sum(len(given) for place, given in fresh.ever_given.items() if place[0] == GRAPH)
    )
    faults.inject(Fault.JUNK, len(world.junk))
    faults.observe(Fault.JUNK, len(skipped))
    faults.observe(Fault.CLOCK_STEP, world.clock.steps_seen)
    faults.observe(Fault.SERVER_KILL, sum(replica.servers_brought_back for replica in world.replicas))
    _account_stale(world, fresh)


def _account_stale(world: World, fresh: Disk) -> None:
    """Records that a later one of the changelog's compaction took can no longer be told from others."""
    if world.faults.injected[Fault.COMPACTED] or world.topic_id != Topic.make(GRAPH, 1).topic_id:
        del world.faults.injected[Fault.STALE]
        return
    highest: dict[bytes, int] = {}
    for (name, partition), given in fresh.ever_given.items():
        log = world.broker.topics[name].partitions[partition] if name == GRAPH else []
        for record in (log[offset] for offset in sorted(given) if log):
            version = getattr(record.content, "version", None)
            if version is not None:
                world.faults.observe(Fault.STALE, int(version <= highest.get(record.key, -1)))
                highest[record.key] = max(version, highest.get(record.key, -1))


def _outcome(world: World, seed: int, error: str) -> Outcome:
    return Outcome(seed, error, world.faults.injected, world.client.answers, [*world.trace, *world.faults.lines()])


@contextmanager
def running() -> Iterator[Runner]:
    stage = Stage()
    with staged(stage) as skips:
        yield Runner(stage, skips)


@dataclass
class Tally:
    """Of many runs."""

    faults: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.faults += other.faults
        self.failed += other.failed


def run_all(seeds: range) -> Tally:
    """All of them, one after the other."""
    tally = Tally()
    with running() as runner:
        for outcome in map(runner.run, seeds):
            tally.faults.update({str(fault): times for fault, times in outcome.injected.items()}, reads=outcome.answers)
            if outcome.error:
                tally.failed.append((outcome.seed, outcome.error))
    return tally


def run_side_by_side(seeds: range, processes: int) -> Tally:
    """As `run_all`, in so many processes; how far it is goes to standard error."""
    tally, seen, start_s = Tally(), 0, time.monotonic()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        shares = [seeds[at : at + SHARE] for at in range(0, len(seeds), SHARE)]
        runs = {pool.submit(run_all, share): len(share) for share in shares}
        try:
            for run in as_completed(runs):
                tally.add(run.result())
                seen += runs[run]
                sys.stderr.writelines(f"seed {seed}: {error}\n" for seed, error in run.result().failed)
                took = f"{time.monotonic() - start_s:,.0f} s, failed: {len(tally.failed)}"
                sys.stderr.write(f"{seen:,} of {len(seeds):,} seeds, {took}\n")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="by default one for each core")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # So that no process is left behind.
    if arguments.seed is not None:
        with running() as runner:
            outcome = runner.run(arguments.seed)
        sys.stdout.write("\n".join([*outcome.lines, outcome.error or "all held"]) + "\n")
        return int(bool(outcome.error))
    seeds = range(arguments.first, arguments.first + arguments.count)
    tally = run_side_by_side(seeds, arguments.processes)
    found = {"faults": tally.faults, "failed": sorted(tally.failed)[:20], "failures": len(tally.failed)}
    sys.stdout.write(json.dumps(found) + "\n")
    return int(bool(tally.failed))


if __name__ == "__main__":
    sys.exit(main())
