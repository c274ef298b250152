"""The sessions of a partition, rid of old clicks as event time goes on, a little with each batch.

What is forgotten is too old to decide anything, so when it goes does not matter: `sweep` does no more at a time than
it is allowed, and no batch waits for the sessions of a whole minute.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from udfs.patterns_session import Session

KEEP_MS = 900_000
"""How far behind its partition's latest event time a click is remembered."""
CHECK_MS = 120_000
"""How often a session that is not frozen is looked at."""
IDLE_MS = 180_000
"""A session whose newest click is so old is frozen."""
TRIM_MS = 480_000
"""A session that goes on for long is rid of its old clicks once the oldest is so much too old."""


class _Check(NamedTuple):
    due_ms: int
    session_id: str


class Memory:
    """Sessions by id. Each that is not frozen waits for its next check, each frozen one for its end."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self._latest_ms = -1
        self._checks: deque[_Check] = deque()
        self._ends: deque[_Check] = deque()

    def open(self, session_id: str, first_ms: int) -> Session:
        """A session that is not there yet, and the event time of its first click."""
        session = self.sessions[session_id] = Session(first_ms)
        self._checks.append(_Check(self._latest_ms + CHECK_MS, session_id))
        return session

    def thaw(self, session_id: str) -> Session:
        """A frozen session made ready."""
        session = self.sessions[session_id]
        session.thaw(session_id)
        self._checks.append(_Check(self._latest_ms + CHECK_MS, session_id))
        return session

    def sweep(self, latest_ms: int, clicks_max: int) -> None:
        """Freeze and forget what is due by the latest event time, until about so many clicks were looked at."""
        self._latest_ms = latest_ms
        checks, ends = self._checks, self._ends
        while ends and ends[0].due_ms <= latest_ms and clicks_max > 0:
            self._end(ends.popleft().session_id)
            clicks_max -= 1
        while checks and checks[0].due_ms <= latest_ms and clicks_max > 0:
            clicks_max -= 1 + self._check(checks.popleft().session_id)

    def settle(self, latest_ms: int) -> None:
        """Freeze and forget at once what `sweep` would in its time."""
        self._latest_ms = latest_ms
        waiting = [check.session_id for check in self._checks]
        self._checks.clear()
        for session_id in waiting:
            self._check(session_id)

    def _check(self, session_id: str) -> int:
        """Freeze, trim or leave a session; how many clicks were looked at."""
        session, keep_ms = self.sessions[session_id], self._latest_ms - KEEP_MS
        size = len(session.clicks)
        if session.newest_ms < self._latest_ms - IDLE_MS:
            session.freeze()
            self._ends.append(_Check(session.newest_ms + KEEP_MS + 1, session_id))
            return size
        self._checks.append(_Check(self._latest_ms + CHECK_MS, session_id))
        if session.first_ms >= keep_ms - TRIM_MS:
            return 0
        session.forget(keep_ms)
        return size

    def _end(self, session_id: str) -> None:
        """Forget a frozen session; one that was thawed since has another end to wait for."""
        session = self.sessions.get(session_id)
        if session is not None and session.frozen and session.newest_ms < self._latest_ms - KEEP_MS:
            del self.sessions[session_id]
