"""How busy two cores were, and with whom: figures of a run in which others took much of them prove nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Self

import psutil


class Load:
    """Shares of time in a `with` block: what others than a process took of its cores, how busy the other cores were."""

    def __init__(self, process: psutil.Process, inner: Sequence[int], outer: Sequence[int]) -> None:
        self._process = process
        self._inner = inner
        self._outer = outer
        self.by_others = self.outer_busy = float("nan")

    def __enter__(self) -> Self:
        self._start = self._now()
        return self

    def __exit__(self, *_exception: object) -> None:
        passed, own, inner, outer = (end - start for start, end in zip(self._start, self._now(), strict=True))
        self.by_others = max(0.0, inner - own) / passed / len(self._inner)
        self.outer_busy = outer / passed / len(self._outer)

    def _now(self) -> tuple[float, float, float, float]:
        """The clock, and seconds of processor time: of the process, of its cores, of the other cores."""
        members = [self._process, *self._process.children(recursive=True)]
        own = sum(sum(member.cpu_times()[:2]) for member in members)
        return time.monotonic(), own, _busy_s(self._inner), _busy_s(self._outer)


def _busy_s(cores: Sequence[int]) -> float:
    times = psutil.cpu_times(percpu=True)
    return sum(sum(times[core]) - times[core].idle - getattr(times[core], "iowait", 0.0) for core in cores)
