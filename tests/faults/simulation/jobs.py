"""The two jobs as they look from Kafka: at least once, with checkpoints; what is not flushed dies with them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from kafka import TopicPartition

from tests.faults.simulation.faults import Fault, Faults
from tests.faults.simulation.inputs import Incoming
from tests.faults.simulation.kafka import Broker, Record
from tests.faults.simulation.twin import Line
from tests.oracles.alerts import row_of
from tests.oracles.graph import Article, Upsert, bucket_terms, fact_row, joined, node_row
from udfs.changelog import Grain
from udfs.topics import ALERTS, GRAPH

Sums = dict[str, tuple[int, ...]]
"""By a row's key: its version, then its sums."""

GRAINS = (Grain.MINUTE, Grain.DAY)
BUCKET_SUMS = ("mentions", "weight", "weighted", "weighted_square", "positive", "neutral", "negative")
COUNTS = ("empty", "duplicates", "dead_letters", "edges_cut", "known_assumed", "late")


class Surroundings(Protocol):
    """Of a job."""

    broker: Broker
    chance: random.Random
    faults: Faults

    def say(self, text: str) -> None: ...


@dataclass
class State:
    """What a checkpoint holds: the next offset of each input partition, and the sums."""

    at: dict[TopicPartition, int]
    sums: Sums = field(default_factory=dict)

    def copy(self) -> State:
        return State(dict(self.at), dict(self.sums))


RowsOf = Callable[[Incoming, Sums], list[Record]]


class Job:
    """It reads its input partitions in any interleaving and writes each output partition in order."""

    def __init__(self, world: Surroundings, group: str, inputs: list[TopicPartition], rows_of: RowsOf) -> None:
        self._world = world
        self._group = group
        self._rows_of = rows_of
        self._nothing = State(dict.fromkeys(inputs, 0))
        self._state = self._nothing.copy()
        self._checkpoint = self._nothing.copy()
        self._unsent: dict[tuple[str, int], list[Record]] = {}
        self._highest: dict[tuple[str, bytes], int] = {}
        self._killed: list[Fault] = []

    @property
    def unread(self) -> list[TopicPartition]:
        return [tp for tp, at in self._state.at.items() if at < len(self._world.broker.log(tp))]

    @property
    def done(self) -> bool:
        return not self._killed and not self.unread and self._committed() == self._state.at

    def _committed(self) -> Mapping[TopicPartition, int]:
        return self._world.broker.groups.get(self._group, {})

    def act(self) -> None:
        """Something that it does next."""
        if self._killed:
            self.restore()
            return
        chance = self._world.chance
        chance.choice([self.read, self.read, self.send_some, self.checkpoint, self.commit, self.go_far])()

    def read(self) -> None:
        unread = self.unread
        if unread:
            tp = self._world.chance.choice(unread)
            record = self._world.broker.log(tp)[self._state.at[tp]]
            self._state.at[tp] += 1
            assert isinstance(record.content, Incoming)
            for row in self._rows_of(record.content, self._state.sums):
                topic = self._world.broker.topics[row.topic]
                self._unsent.setdefault((row.topic, topic.partition_of(row.key)), []).append(row)

    def send_some(self) -> None:
        waiting = [place for place, rows in self._unsent.items() if rows]
        if waiting:
            place = self._world.chance.choice(waiting)
            self._send(place, self._world.chance.randint(1, len(self._unsent[place])))

    def _send(self, place: tuple[str, int], count: int) -> None:
        for row in self._unsent[place][:count]:
            self._append(row)
        del self._unsent[place][:count]

    def _append(self, row: Record) -> None:
        self._world.broker.topics[row.topic].append(row)
        version = row.content.version if isinstance(row.content, Line) else 0
        if isinstance(row.content, Line):
            highest = self._highest.get((row.topic, row.key), -1)
            if version <= highest:
                self._world.faults.inject(Fault.STALE)
            self._highest[row.topic, row.key] = max(version, highest)

    def repeat(self, row: Record) -> None:
        """A producer that was not answered sends a batch again, behind what came since."""
        self._append(Record(row.key, row.value, row.content, row.timestamp, row.topic))

    def checkpoint(self) -> None:
        """Flushes, in any order of partitions."""
        places = list(self._unsent)
        self._world.chance.shuffle(places)
        for place in places:
            self._send(place, len(self._unsent[place]))
        self._checkpoint = self._state.copy()

    def commit(self) -> None:
        """Some time after a checkpoint."""
        self._world.broker.groups[self._group] = dict(self._checkpoint.at)

    def go_far(self) -> None:
        """To a whole checkpoint, while the others have not come to anything: a machine may be busy elsewhere."""
        for _ in range(self._world.chance.randint(1, 8)):
            self.read()
        self.checkpoint()
        self.commit()

    def kill(self, fault: Fault) -> None:
        """What was on its way may have arrived in part, in each partition up to somewhere."""
        self._world.say(f"{self._group}: {fault}")
        self._world.faults.inject(fault)
        self._killed.append(fault)
        for place, rows in self._unsent.items():
            whole = fault is Fault.TORN_TAIL
            self._send(place, len(rows) // 2 if whole else self._world.chance.randint(0, len(rows)))
        self._unsent.clear()
        if fault is Fault.JOB_FROM_NOTHING:
            self._checkpoint = self._nothing.copy()

    def restore(self) -> None:
        for fault in self._killed:
            self._world.faults.observe(fault)
        self._killed.clear()
        self._state = self._checkpoint.copy()

    def begin_anew(self) -> None:
        """What it has written is gone: it begins from nothing, and its group is taken away."""
        self._unsent.clear()
        self._highest.clear()
        self._state, self._checkpoint = self._nothing.copy(), self._nothing.copy()
        self._world.broker.groups.pop(self._group, None)

    def finish(self) -> None:
        """Reads all there is, to its last checkpoint."""
        while not self.done:
            if self._killed:
                self.restore()
            self.read()
            if not self.unread:
                self.checkpoint()
                self.commit()


def graph_rows(incoming: Incoming, sums: Sums) -> list[Record]:
    """The changelog's rows of one article."""
    article = incoming.article
    assert article is not None
    upserts: list[Upsert] = []
    for said in article.said:
        terms = [bucket_terms(said)[name] for name in BUCKET_SUMS]
        upserts += (_bucket(sums, said.entity, grain, article, terms) for grain in GRAINS)
    upserts += (_edge(sums, pair, article, terms) for pair, terms in joined(article).items())
    upserts.append(_count(sums, incoming))
    lines = [*_fixed(article), *(Line(upsert) for upsert in upserts)]
    return [Record(line.key.encode(), line.value, line, topic=GRAPH) for line in lines]


@lru_cache(maxsize=256)
def _fixed(article: Article) -> tuple[Line, ...]:
    """The rows that no other article changes."""
    return tuple(Line(row) for said in article.said for row in (node_row(said.entity), fact_row(article, said)))


def _grown(sums: Sums, key: str, terms: tuple[int, ...]) -> tuple[int, ...]:
    before = sums.get(key, (0,) * len(terms))
    sums[key] = tuple(one + other for one, other in zip(before, terms, strict=True))
    return sums[key]


def _bucket(sums: Sums, entity: str, grain: Grain, article: Article, terms: list[int]) -> Upsert:
    start = article.event_time - article.event_time % grain.length_ms
    key = f"bucket/{entity}/{grain}/{start}"
    version, *totals = _grown(sums, key, (1, *terms))
    fields = dict(zip(BUCKET_SUMS, totals, strict=True))
    return Upsert(key, version, {"entity": entity, "grain": grain, "start": start, **fields})


def _edge(sums: Sums, pair: tuple[str, str], article: Article, terms: tuple[int, int]) -> Upsert:
    start = article.event_time - article.event_time % Grain.DAY.length_ms
    key = f"edge/{pair[0]}/{pair[1]}/{Grain.DAY}/{start}"
    version, weight, weighted = _grown(sums, key, (1, *terms))
    fields = {"a": pair[0], "b": pair[1], "grain": Grain.DAY, "start": start, "weight": weight, "weighted": weighted}
    return Upsert(key, version, fields)


def _count(sums: Sums, incoming: Incoming) -> Upsert:
    key = f"count/{incoming.topic}/{incoming.partition}"
    articles, latest = sums.get(key, (0, 0))
    sums[key] = (articles + 1, max(latest, incoming.event_ms))
    fields: dict[str, object] = dict.fromkeys(COUNTS, 0)
    fields |= {"topic": incoming.topic, "partition": incoming.partition, "articles": articles + 1}
    return Upsert(key, articles + 1, {**fields, "latest_event": sums[key][1]})


def alert_rows(incoming: Incoming, _sums: Sums) -> list[Record]:
    """What one click raises."""
    return [Record(one.alert_id.encode(), row_of(one), one, topic=ALERTS) for one in incoming.alerts]
