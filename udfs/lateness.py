"""Whether a record is late: by comparing its event time with those before it, never with a clock."""

from __future__ import annotations

from dataclasses import dataclass

OUT_OF_ORDERNESS_MS = 60_000
"""How far apart records of one partition may come in the wrong order before one counts as late."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record among those of its partition.

    `latest_ms` is the highest event time so far, this record's included; `lateness_ms` is how far
    behind it the record lies, 0 within the out-of-orderness bound.
    """

    latest_ms: int
    lateness_ms: int


def arrive(latest_ms: int | None, event_time_ms: int) -> Arrival:
    """The arrival of a record after others whose highest event time is `latest_ms` (None: there are none)."""
    if latest_ms is None or event_time_ms >= latest_ms:
        return Arrival(event_time_ms, 0)
    behind_ms = latest_ms - event_time_ms
    return Arrival(latest_ms, behind_ms if behind_ms > OUT_OF_ORDERNESS_MS else 0)
