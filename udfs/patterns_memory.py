"""The sessions of a partition, rid of old clicks as event time goes on."""

from __future__ import annotations

from udfs.patterns_session import Session

KEEP_MS = 900_000
"""How far behind its partition's latest event time a click is remembered."""
MINUTE_MS = 60_000
IDLE_MS = 180_000
"""A session that nothing came to for so long is frozen, looked for every other minute."""
IDLE_MINUTES = 2
TRIM_MINUTES = 8
"""How often a session that goes on for long is looked through for old clicks."""


class Memory:
    """Sessions by id. Each is looked at when its first click is forgotten at the latest, then every 8 minutes.

    So a click costs nothing for it to be forgotten, and no more than 8 minutes of old ones are held.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self._due: dict[int, list[str]] = {}
        self._idle: dict[int, list[str]] = {}
        self._minute = -1

    @property
    def move_ms(self) -> int:
        """The event time at which `move` has something to do."""
        return (self._minute + 1) * MINUTE_MS

    def open(self, session_id: str) -> Session:
        """A session that is not there yet."""
        session = self.sessions[session_id] = Session()
        self._due.setdefault(self._minute + KEEP_MS // MINUTE_MS + 1, []).append(session_id)
        self._idle.setdefault(self._minute + IDLE_MINUTES, []).append(session_id)
        return session

    def thaw(self, session_id: str) -> Session:
        """A frozen session made ready."""
        session = self.sessions[session_id]
        session.thaw(session_id)
        self._idle.setdefault(self._minute + IDLE_MINUTES, []).append(session_id)
        return session

    def move(self, latest_ms: int) -> None:
        """Forget what is too old once the latest event time is there."""
        self._minute = latest_ms // MINUTE_MS
        for minute in sorted(minute for minute in self._due if minute <= self._minute):
            for session_id in self._due.pop(minute):
                self._forget(session_id, latest_ms - KEEP_MS)
        for minute in sorted(minute for minute in self._idle if minute <= self._minute):
            for session_id in self._idle.pop(minute):
                self._freeze(session_id, latest_ms - IDLE_MS)

    def freeze_idle(self, latest_ms: int) -> None:
        """Freeze at once what `move` would in its time."""
        waiting = [session_id for names in self._idle.values() for session_id in names]
        self._idle.clear()
        for session_id in waiting:
            self._freeze(session_id, latest_ms - IDLE_MS)

    def _freeze(self, session_id: str, before_ms: int) -> None:
        session = self.sessions.get(session_id)
        if session is None or not session.clicks:
            return
        if next(reversed(session.clicks.values())).event_time_ms < before_ms:
            session.freeze()
        else:
            self._idle.setdefault(self._minute + IDLE_MINUTES, []).append(session_id)

    def _forget(self, session_id: str, before_ms: int) -> None:
        if self.sessions[session_id].forget(before_ms):
            del self.sessions[session_id]
        else:
            self._due.setdefault(self._minute + TRIM_MINUTES, []).append(session_id)
