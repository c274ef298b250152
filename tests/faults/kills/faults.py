"""Faults of real processes: each is injected, and observed by what it did to others; what died is brought back."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.flink_cluster import JOB_MANAGER
from tests.e2e.system import wait_for
from tests.faults.kills.site import PATIENCE_S, TASK_MANAGERS, Site, now_ms
from wiregraph import processes, stack_control
from wiregraph.errors import Failure
from wiregraph.stack import APPLIER, BROKER, SERVER
from wiregraph.stack_control import Wish
from wiregraph.topics_admin import admin_client

SILENCE_S = 30.0
FULL_S = 10.0
SMALL_BYTES = 4_096


class Fault(StrEnum):
    """What is injected."""

    WORKER = "Python worker killed"
    TASK_MANAGER = "TaskManager killed"
    JOB_MANAGER = "JobManager killed"
    BROKER = "broker killed"
    BROKER_SILENT = "broker stopped for 30 s"
    APPLIER = "applier killed"
    SERVER = "server killed"
    DISK_FULL = "applier's disk full for 10 s"


OF_FLINK = frozenset({Fault.WORKER, Fault.TASK_MANAGER, Fault.JOB_MANAGER})
"""Those from which a job must recover."""


@dataclass
class Tally:
    """How often each was injected and observed, and how long the jobs took to their next checkpoints, in seconds."""

    injected: Counter[Fault] = field(default_factory=Counter)
    observed: Counter[Fault] = field(default_factory=Counter)
    while_saving: int = 0
    recovery_s: dict[Fault, list[float]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        return [f"{one}: {self.injected[one]} injected, {self.observed[one]} observed" for one in self.injected]

    def check(self) -> None:
        """A fault that nobody saw, or seen where nobody injected it, makes the run worth nothing."""
        assert self.injected == self.observed, "; ".join(self.lines())


def strike(site: Site, fault: Fault, chance: random.Random, tally: Tally) -> int:
    """Inject a fault, see what it does, bring back what died; gives the moment in epoch ms."""
    tally.while_saving += fault in OF_FLINK and site.is_saving()
    at_ms = now_ms()
    tally.injected[fault] += 1
    _STRIKES[fault](site, chance)
    tally.observed[fault] += 1
    return at_ms


def _worker(site: Site, _chance: random.Random) -> None:
    before, (victim, *_others) = site.restarted_ms(), site.workers()
    victim.kill()
    _await(lambda: site.restarted_ms() > before)
    _await(lambda: victim.pid not in {one.pid for one in site.workers()} and bool(site.workers()))


def _task_manager(site: Site, chance: random.Random) -> None:
    before, name = site.restarted_ms(), chance.choice(TASK_MANAGERS)
    site.flink.kill(name)
    _await(lambda: site.restarted_ms() > before)
    site.flink.start(name)


def _job_manager(site: Site, _chance: random.Random) -> None:
    site.flink.kill(JOB_MANAGER)
    _await(lambda: not site.answers())
    site.flink.start(JOB_MANAGER)
    _await(site.answers)


def _process(name: str) -> Callable[[Site, random.Random], None]:
    def struck(site: Site, _chance: random.Random) -> None:
        before = _record(site, name)
        os.kill(before.pid, signal.SIGKILL)
        _await(lambda: not processes.is_alive(before))
        _bring_back(site)
        assert _record(site, name).pid != before.pid

    return struck


def _record(site: Site, name: str) -> processes.ProcessRecord:
    return site.system.stack.processes[name]


def _bring_back(site: Site) -> None:
    """What a user, or a unit of systemd, does; a busy machine may need longer than `stack up` waits."""
    for _ in range(3):
        try:
            stack_control.up(Wish(site.system.directory), lambda _line: None)
        except Failure:
            continue
        return
    stack_control.up(Wish(site.system.directory), print)


def _silent_broker(site: Site, _chance: random.Random) -> None:
    broker = _record(site, BROKER)
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        time.sleep(SILENCE_S)
        assert not _broker_answers(site)
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    _await(lambda: _broker_answers(site))


def _broker_answers(site: Site) -> bool:
    options = {"bootstrap_servers": site.system.stack.bootstrap, "bootstrap_timeout_ms": 2_000}
    try:
        with admin_client({**options, "request_timeout_ms": 2_000}) as admin:
            return bool(admin.list_topics())
    except Failure:
        return False


def _full_disk(site: Site, _chance: random.Random) -> None:
    """No file of the applier's may grow: its writes fail as on a full disk, until there is room again."""
    applier, log = _record(site, APPLIER), site.system.directory / "logs" / "applier.log"
    before = log.stat().st_size
    unlimited = resource.prlimit(applier.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(applier.pid, resource.RLIMIT_FSIZE, (SMALL_BYTES, unlimited[1]))
    try:
        time.sleep(FULL_S)
    finally:
        resource.prlimit(applier.pid, resource.RLIMIT_FSIZE, unlimited)
    _await(lambda: log.stat().st_size > before)


def _await(holds: Callable[[], bool]) -> None:
    def ask() -> bool | None:
        try:
            return holds() or None
        except Failure:  # The JobManager is not back yet.
            return None

    wait_for(ask, PATIENCE_S)


_STRIKES: dict[Fault, Callable[[Site, random.Random], None]] = {
    Fault.WORKER: _worker,
    Fault.TASK_MANAGER: _task_manager,
    Fault.JOB_MANAGER: _job_manager,
    Fault.BROKER: _process(BROKER),
    Fault.BROKER_SILENT: _silent_broker,
    Fault.APPLIER: _process(APPLIER),
    Fault.SERVER: _process(SERVER),
    Fault.DISK_FULL: _full_disk,
}
