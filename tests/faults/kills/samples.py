"""What a soak watches: the memory of each process, the records that wait, the checkpoints."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.kills.site import Site, is_worker
from wiregraph import flink_rest, processes
from wiregraph.errors import Failure
from wiregraph.flink_rest import Checkpoint

EVERY_S = 2.0
WARM_S = 60.0
"""What a process takes in its first minute is no leak."""
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds since the start; resident MiB by a process's role and pid; records sent that are not counted yet."""

    at_s: float
    memory: dict[tuple[str, int], float]
    lag: int


class Sampler:
    """Samples in a thread; `sent` says how many news and posts there are by now."""

    def __init__(self, site: Site, sent: Callable[[], int]) -> None:
        self._site = site
        self._sent = sent
        self._start_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []
        self.checkpoints: dict[tuple[str, int], Checkpoint] = {}
        self.faults_s: list[float] = []

    def now_s(self) -> float:
        """Since the start."""
        return time.monotonic() - self._start_s

    @contextmanager
    def running(self) -> Iterator[Sampler]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            sent, counted = self._sent(), self._counted()
            if counted is not None:
                self.samples.append(Sample(self.now_s(), memory(self._site), max(0, sent - counted)))
            self._note_checkpoints()

    def _counted(self) -> int | None:
        try:
            return self._site.system.counted()
        except Failure:  # The server is being brought back.
            return None

    def _note_checkpoints(self) -> None:
        for job in self._site.jobs:
            try:
                found = flink_rest.checkpoints(self._site.flink.address, job.job_id)
            except Failure:
                continue
            self.checkpoints.update({(job.name, one.number): one for one in found if one.ended_ms})


def memory(site: Site) -> dict[tuple[str, int], float]:
    """Resident MiB by role and pid; a Python worker counts for itself, not for its TaskManager."""
    found = {
        (name, record.pid): processes.rss(process) / MIB
        for name, record in site.system.stack.processes.items()
        if (process := processes.find(record))
    }
    for name, process in list(site.flink.running.items()):
        family = _family(process)
        workers = [one for one in family if is_worker(one)]
        found |= {("Python worker", one.pid): _rss(one) for one in workers}
        found[name, process.pid] = sum(_rss(one) for one in family if one not in workers)
    return found


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _rss(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / MIB
    except psutil.NoSuchProcess:
        return 0.0


def slopes(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """By role: MiB in the end, and MiB a minute by least squares within the lives of its processes, warm ones."""
    lives: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for sample in samples:
        for who, mib in sample.memory.items():
            lives.setdefault(who, []).append((sample.at_s / 60, mib))
    warm = {who: [one for one in life if one[0] >= life[0][0] + WARM_S / 60] for who, life in lives.items()}
    roles = {role for role, _pid in lives}
    return {
        role: (
            max((life[-1] for (own, _pid), life in lives.items() if own == role), key=lambda point: point[0])[1],
            slope(life for (own, _pid), life in warm.items() if own == role),
        )
        for role in sorted(roles)
    }


def slope(lives: Iterable[Sequence[tuple[float, float]]]) -> float:
    """Of y over x by least squares, each of the lives with a level of its own."""
    rise = spread = 0.0
    for life in lives:
        mean_x, mean_y = (sum(values) / max(1, len(life)) for values in zip(*life, strict=True)) if life else (0, 0)
        rise += sum((x - mean_x) * (y - mean_y) for x, y in life)
        spread += sum((x - mean_x) ** 2 for x, _y in life)
    return rise / spread if spread else 0.0


def write_csv(sampler: Sampler, path: Path) -> None:
    """A line a sample and process: seconds, role, pid, MiB; the lag as the role `lag`, faults as the role `fault`."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("at_s", "role", "pid", "value"))
        for sample in sampler.samples:
            writer.writerow((round(sample.at_s, 1), "lag", 0, sample.lag))
            for (role, pid), mib in sample.memory.items():
                writer.writerow((round(sample.at_s, 1), role, pid, round(mib, 1)))
        writer.writerows((round(at_s, 1), "fault", 0, 0) for at_s in sampler.faults_s)
