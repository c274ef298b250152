"""What has come about of an entity since one of its answers was computed, as the applier's records tell it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from serving.bucket_rows import row_suffix, slot_of
from serving.changes import BucketSums, Changes, FactChange
from serving.keyspace import GRAINS, Packed

Slot = tuple[bytes, int]
"""A bucket's place: what follows the entity in the key of its row, and the slot there."""


@dataclass(slots=True)
class Since:
    """The buckets as they are now, None for one that is gone, and the newest of the facts that came.

    It has no models where there are several. Where `facts_differ`, others are gone or different. `repeats` are how many
    more facts repeat a story, by minute.
    """

    buckets: dict[Slot, Packed | None] = field(default_factory=dict)
    newest: FactChange | None = None
    facts_differ: bool = False
    repeats: dict[int, int] = field(default_factory=dict)

    def add_bucket(self, bucket: BucketSums) -> None:
        """In place of what was known of it."""
        grain = GRAINS[bucket.grain.encode()]
        place = row_suffix(grain, bucket.start), slot_of(grain, bucket.start)
        self.buckets[place] = bucket.sums

    def add_fact(self, fact: FactChange) -> None:
        """One more, or something else."""
        if fact.models is None:
            self.facts_differ = True
        else:
            self.newest = _newest(self.newest, fact)

    def add_repeats(self, minute_ms: int, added: int) -> None:
        """On top of what was known of a minute."""
        self.repeats[minute_ms] = self.repeats.get(minute_ms, 0) + added

    def then(self, later: Since) -> Since:
        """This and what came after it."""
        both = Since(
            {**self.buckets, **later.buckets},
            _newest(self.newest, later.newest),
            self.facts_differ or later.facts_differ,
            dict(self.repeats),
        )
        for minute_ms, added in later.repeats.items():
            both.add_repeats(minute_ms, added)
        return both


def _newest(one: FactChange | None, other: FactChange | None) -> FactChange | None:
    if one is None or other is None:
        return one or other
    if one.event_time == other.event_time:
        return FactChange(one.entity, one.event_time, None)
    return max(one, other, key=lambda fact: fact.event_time)


def by_entity(changes: Iterable[Changes]) -> Mapping[str, Since]:
    """What batches changed, by entity."""
    found: defaultdict[str, Since] = defaultdict(Since)
    for one in changes:
        for bucket in one.buckets:
            found[bucket.entity].add_bucket(bucket)
        for fact in one.facts:
            found[fact.entity].add_fact(fact)
        for entity, minute_ms, added in one.repeats:
            found[entity].add_repeats(minute_ms, added)
    return found
