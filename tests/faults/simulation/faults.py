"""The registry of faults, and how often each was injected and observed."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Fault(StrEnum):
    """What the scheduler injects."""

    KILL_BETWEEN_CALLS = "applier killed at a call of Kafka's"
    KILL_BEFORE_WRITE = "applier killed before a write"
    KILL_AFTER_WRITE = "applier killed between a write and its memory of it"
    DISK_FULL = "disk full, nothing written"
    DISK_UNSURE = "write answered with an error, yet written"
    WRITES_LOST = "the store's last writes lost"
    BLOCK_BAD = "a bad block under the applier"
    STORE_MARKED = "a store that a reader found broken"
    BROKER_AWAY = "broker away"
    CHANGELOG_REPLACED = "changelog created anew"
    COMPACTED = "records compacted away"
    JOB_KILL = "job killed, its checkpoint restored"
    JOB_FROM_NOTHING = "job killed, its state lost"
    TORN_TAIL = "append torn in its middle"
    STALE = "records of no newer version"
    JUNK = "records that are none"
    CLOCK_STEP = "clock stepped"
    SERVER_KILL = "server killed"


class Kill(BaseException):
    """SIGKILL of the applier: nothing may catch it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class InvalidRunError(AssertionError):
    """A fault was injected that nobody saw, or seen that nobody injected: the run proves nothing."""


class Faults:
    """Counts. What is injected into the applier is `pending` until it has visibly acted on it."""

    def __init__(self) -> None:
        self.injected: Counter[Fault] = Counter()
        self.observed: Counter[Fault] = Counter()

    def inject(self, fault: Fault, times: int = 1) -> None:
        self.injected[fault] += times

    def observe(self, fault: Fault, times: int = 1) -> None:
        self.observed[fault] += times

    def check(self) -> None:
        """Raises `InvalidRunError` where the two differ."""
        wrong = [one for one in Fault if self.injected[one] != self.observed[one]]
        if wrong:
            raise InvalidRunError("; ".join(self.line(one) for one in wrong))

    def line(self, fault: Fault) -> str:
        return f"{fault}: {self.injected[fault]} injected, {self.observed[fault]} observed"

    def lines(self) -> list[str]:
        return [self.line(one) for one in Fault if self.injected[one] or self.observed[one]]
