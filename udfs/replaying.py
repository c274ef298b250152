"""What a replay keeps of what it reads, by event time alone."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 24 * 3_600_000
FORGET_AFTER_MS = 4 * DAY_MS
"""How long the news job remembers an article's id, in event time: 2 days and a margin for records ahead."""

LOOK_BACK_MS = FORGET_AFTER_MS + DAY_MS
"""So much earlier a replay begins to read, without models: ids are forgotten at the first article of a day, so
whatever is older than this cannot make a duplicate, nor a late record, of anything in the range."""


@dataclass(frozen=True, slots=True)
class EventRange:
    """Event times in epoch ms, `to_ms` exclusive."""

    from_ms: int = -(1 << 63)
    to_ms: int = (1 << 63) - 1

    def holds(self, time_ms: int) -> bool:
        """Whether a time lies in it."""
        return self.from_ms <= time_ms < self.to_ms


EVERYTHING = EventRange()
