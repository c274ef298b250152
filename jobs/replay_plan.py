"""What a replay is told: which offsets to read and which event times to keep; written before the job starts.

The plan fixes the end of every partition, so a replay that is interrupted goes on to the same end.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from udfs.replaying import EventRange

REPLAY = "replay"
"""The replay job's name in the registry of jobs, in Flink and of its state."""


class Span(BaseModel):
    """Offsets of a partition, from `start` up to and without `end`."""

    model_config = ConfigDict(frozen=True)

    topic: str
    partition: int
    start: int
    end: int


class ReplayPlan(BaseModel):
    """One replay.

    `inputs` are the partitions of `topics`: what is read, or, `from_facts`, what the live graph was made of when
    the replay began; then `rows` are the partitions of its changelog, and `counts` says that its counts hold for
    this graph too. Event times are epoch ms, `to_ms` is exclusive; `models` is a folder or empty for the shipped
    ones; `changelog_id` is the unique id of the topic that is written.
    """

    model_config = ConfigDict(frozen=True)

    graph: str
    changelog_id: str = ""
    topics: tuple[str, ...]
    from_ms: int
    to_ms: int
    models: str = ""
    from_facts: bool = False
    counts: bool = False
    inputs: tuple[Span, ...] = ()
    rows: tuple[Span, ...] = ()

    @property
    def range(self) -> EventRange:
        """The event times that count."""
        return EventRange(self.from_ms, self.to_ms)

    @property
    def asked_for(self) -> tuple[object, ...]:
        """Without what was found in Kafka; who asks for the same again goes on with the same plan."""
        return (self.graph, self.topics, self.from_ms, self.to_ms, self.models, self.from_facts)

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the job reads."""
        return self.rows if self.from_facts else self.inputs

    @property
    def records(self) -> int:
        """How many offsets that are; a compacted topic holds fewer records."""
        return sum(span.end - span.start for span in self.spans)


def spans_of(spans: Iterable[Span], topic: str) -> tuple[Span, ...]:
    """Those of one topic."""
    return tuple(span for span in spans if span.topic == topic)


def done_file(plan_file: Path) -> Path:
    """What the job leaves beside its plan once it has read and written everything."""
    return plan_file.with_suffix(".done")
