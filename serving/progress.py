"""How far a graph store is: the record that is written with every batch, and the watermark. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from udfs.lateness import OUT_OF_ORDERNESS_MS

FORMAT = 4
"""Of the store's layout; a store of another format is built again from the changelog."""


class ProgressError(ValueError):
    """A progress record that is missing, broken or of another format."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A topic beside the changelog and how far it is read; the fields are those of `Progress`."""

    topic_id: str
    offsets: Mapping[int, int]
    build_to: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """Offsets are the next ones to read, by partition of the changelog; times are epoch ms.

    `build_to` are the offsets that a store which was begun anew must reach before it is served.
    `source_latest` is, by "topic/partition" of the inputs, the highest record timestamp that was
    seen among the records whose rows are all in the changelog. `side` holds the topics beside the
    changelog by their names. `alert_changes` numbers the changes of alerts, `erasures` counts subjects,
    `changes` numbers the batches that changed what is read of entities.
    """

    topic_id: str
    offsets: Mapping[int, int]
    build_to: Mapping[int, int] = field(default_factory=dict)
    source_latest: Mapping[str, int] = field(default_factory=dict)
    watermark_ms: int | None = None
    first_event_ms: int | None = None
    latest_event_ms: int | None = None
    applied_at_ms: int = 0
    facts: int = 0
    entities: int = 0
    side: Mapping[str, Followed] = field(default_factory=dict)
    alerts_watermark_ms: int | None = None
    alert_changes: int = 0
    erasures: int = 0
    changes: int = 0

    @property
    def topics(self) -> list[Progress | Followed]:
        """All that is followed, the changelog first."""
        return [self, *self.side.values()]

    def moved_side(self, read: Mapping[str, Mapping[int, int]]) -> dict[str, Followed]:
        """The topics beside the changelog, read up to these offsets."""
        return {topic: replace(one, offsets={**one.offsets, **read.get(topic, {})}) for topic, one in self.side.items()}

    @property
    def ready(self) -> bool:
        """Whether everything is applied that the topics held when the store was begun."""
        return all(reached(topic.offsets, topic.build_to) for topic in self.topics)

    @property
    def applied(self) -> int:
        """Records of the changelog and of the other topics that were read."""
        return sum(sum(topic.offsets.values()) for topic in self.topics)

    @property
    def to_build(self) -> int:
        """Records that a store which was begun anew must read before it is served."""
        return sum(sum(topic.build_to.values()) for topic in self.topics)


def reached(offsets: Mapping[int, int], targets: Mapping[int, int]) -> bool:
    """Whether each partition is read up to its target."""
    return all(offsets.get(partition, 0) >= target for partition, target in targets.items())


def dump_progress(progress: Progress) -> bytes:
    """As it is stored."""
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS
    return orjson.dumps({"format": FORMAT, "progress": progress}, option=options)


def load_progress(stored: bytes | None) -> Progress:
    """The inverse of `dump_progress`; raises `ProgressError` for anything else."""
    if stored is None:
        raise ProgressError("it does not say how far it is")
    try:
        fields = orjson.loads(stored)
        if fields["format"] != FORMAT:
            raise ProgressError(f"format {fields['format']}, not {FORMAT}")
        progress = _with_numbers(fields["progress"])
        progress["side"] = {topic: Followed(**_with_numbers(one)) for topic, one in progress["side"].items()}
        return Progress(**progress)
    except (TypeError, KeyError, AttributeError, orjson.JSONDecodeError) as error:
        raise ProgressError(f"it does not say how far it is: {error}") from error


def _with_numbers(stored: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no numbers as keys."""
    offsets = {
        name: {int(partition): offset for partition, offset in stored[name].items()} for name in ("offsets", "build_to")
    }
    return {**stored, **offsets}


@dataclass(frozen=True, slots=True)
class InputPartition:
    """A partition of an input topic as the job's committed offsets show it.

    `committed` is the next offset the job will read (None: it never said), whose checkpoint put all
    rows before it into the changelog; `end` is the partition's end, read after `committed`.
    """

    topic: str
    partition: int
    committed: int | None
    begin: int
    end: int
    latest_ms: int | None

    @property
    def empty(self) -> bool:
        """Whether it holds no record to wait for and none was read."""
        return self.begin == self.end and self.latest_ms is None

    @property
    def consumed(self) -> bool:
        """Whether the job has read everything that was there."""
        return self.committed is not None and self.committed >= self.end


def watermark(partitions: Sequence[InputPartition]) -> int | None:
    """The event time in ms up to which the changelog is complete, or None while that is not known.

    Partitions with records still to read hold it at their highest record timestamp less the
    out-of-orderness. Where all is read, nothing is missing that was in Kafka when it was measured,
    and the highest timestamp of all partitions less the out-of-orderness is given: what comes
    later with an earlier time is late by then. Record timestamps are the producers' event time.
    """
    filled = [partition for partition in partitions if not partition.empty]
    waiting = [partition for partition in filled if not partition.consumed]
    known = [partition.latest_ms for partition in waiting or filled if partition.latest_ms is not None]
    if not known or (waiting and len(known) < len(waiting)):
        return None
    return (min(known) if waiting else max(known)) - OUT_OF_ORDERNESS_MS


def later(left: int | None, right: int | None) -> int | None:
    """The higher of two times, where None is unknown: a watermark never moves backwards."""
    return right if left is None else left if right is None else max(left, right)


def earlier(left: int | None, right: int | None) -> int | None:
    """The lower of two times, where None is unknown."""
    return right if left is None else left if right is None else min(left, right)
