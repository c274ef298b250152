"""A replica: the real applier over a simulated disk, for some steps at a time, and the real server's graphs over it."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

import kafka

from serving import applier, broken, checkpoints, erase, graphs, served, store
from serving.settings import ApplierSettings
from tests.faults.simulation.faults import Kill
from tests.faults.simulation.kafka import SimulatedAdmin, SimulatedConsumer

START_MS = 1_700_000_000_000
SKIPPED = re.compile(r"record (\S+) is skipped")


class Clock:
    """Stands for the module `time`: one clock that can be stepped, and one that cannot."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As at the beginning of a run."""
        self.passed_ms = 0
        self._offset_ms = START_MS
        self._steps = 0
        self.steps_seen = 0

    def step(self, milliseconds: int) -> None:
        """As an administrator, or a time server, does."""
        self._offset_ms += milliseconds
        self._steps += 1

    def monotonic(self) -> float:
        return self.passed_ms / 1_000

    def time_ns(self) -> int:
        self.steps_seen += self._steps
        self._steps = 0
        return (self.passed_ms + self._offset_ms) * 1_000_000

    def time(self) -> float:
        return self.time_ns() / 1e9

    def sleep(self, seconds: float) -> None:
        self.passed_ms += round(seconds * 1_000)


class Steps:
    """Stands for the event that stops an applier: it is set after so many looks at it."""

    def __init__(self, count: int, on_wait: Callable[[], None], clock: Clock) -> None:
        self._left = count
        self._on_wait = on_wait
        self._clock = clock

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0

    def wait(self, timeout: float | None = None) -> bool:
        self._on_wait()
        self._clock.sleep(timeout or 0)
        return False


class Later(Future[object]):
    """What was submitted, done when its holder has looked so many times whether it is; a kill in it kills at once."""

    def __init__(self, work: Callable[[], object], looks: int) -> None:
        super().__init__()
        self._work = work
        self._looks = looks

    def done(self) -> bool:
        self._looks -= 1
        if not self._looks:
            try:
                self.set_result(self._work())
            except Exception as error:  # noqa: BLE001 - as a thread keeps them for who asks
                self.set_exception(error)
        return super().done()


class SimulatedExecutor(Executor):
    """Stands for a thread: what it does happens between two steps of the others, at once or later, in turns."""

    def __init__(self, _threads: int, _name: str) -> None:
        self._submitted = 0

    def submit(self, work: Callable[..., object], /, *arguments: object, **named: object) -> Later:  # type: ignore[override]  # of objects
        self._submitted += 1
        return Later(partial(work, *arguments, **named), 1 + self._submitted % 2)


class Skips(logging.Handler):
    """The records that the applier says it skips."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        found = SKIPPED.search(record.getMessage())
        if found:
            self.names.add(found[1])


class Stage(Protocol):
    """What stands for disks and for the clock, for one world after the other."""

    clock: Clock

    def open_writer(self, path: Path) -> object: ...
    def open_reader(self, path: Path) -> object: ...
    def move_aside(self, path: Path, stamp_ms: int) -> Path: ...
    def identity(self, path: Path) -> str: ...
    def mark(self, path: Path, identity: str) -> None: ...
    def is_broken(self, path: Path, identity: str) -> bool: ...


def _replacements(stage: Stage) -> list[tuple[object, object]]:
    """What stands for what, wherever serving names it: Kafka's clients, threads, the store, the clock, files."""
    return [
        (ThreadPoolExecutor, SimulatedExecutor),
        (kafka.KafkaConsumer, SimulatedConsumer),
        (kafka.KafkaAdminClient, SimulatedAdmin),
        (store.GraphWriter, stage.open_writer),
        (store.GraphReader, stage.open_reader),
        (store.move_aside, stage.move_aside),
        (store.store_identity, stage.identity),
        (broken.mark_broken, stage.mark),
        (broken.is_broken, stage.is_broken),
        (checkpoints.answer_request, lambda _writer: None),
        (served.served_graph, lambda _store: store.LIVE),
        (time, stage.clock),
    ]


@contextmanager
def staged(stage: Stage) -> Iterator[Skips]:
    """Within, serving knows neither network, disk nor clock but those of the simulation."""
    replacements = {id(real): stand_in for real, stand_in in _replacements(stage)}
    users = [one for name, one in list(sys.modules.items()) if name.startswith("serving.") and one is not store]
    skips = Skips()
    loggers = [logging.getLogger(name) for name in ("applier", "serving")]
    with ExitStack() as stack:
        for module in users:
            for name, value in list(vars(module).items()):
                if id(value) in replacements:
                    stack.enter_context(patch.object(module, name, replacements[id(value)]))
        stack.enter_context(patch.object(graphs, "BEHIND_WAIT_S", 0.0))
        stack.enter_context(patch.object(erase, "ROWS_AT_ONCE", erase.ROWS_AT_ONCE))  # Worlds set their own.
        for logger in loggers:
            stack.enter_context(patch.object(logger, "propagate", new=False))
            stack.enter_context(patch.object(logger, "handlers", [skips]))
        yield skips


def run_applier(settings: ApplierSettings, steps: Steps) -> Kill | None:
    """The real applier until it is stopped or killed; gives the kill."""
    try:
        applier.follow(settings, steps)  # type: ignore[arg-type]  # as much of an event as it looks at
    except Kill as kill:
        return kill
    return None
