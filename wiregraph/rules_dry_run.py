"""What a rule would have caught: the clicks of a time range through the engine with this rule alone."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from udfs.alerts import Alert, AlertState
from udfs.batch_tier import Rates
from udfs.clicks import Click, decode_click
from udfs.patterns import KEEP_MS, LATE_MAX_MS, Outcome, Partition
from udfs.pseudonyms import Pseudonyms
from udfs.rule_values import WINDOW_MAX_MS
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion
from udfs.rules import Rule
from udfs.topics import CLICKS
from wiregraph.consuming import read_to_end
from wiregraph.topics_admin import consumer, partitions

HOUR_MS = 3_600_000
SAMPLES_MAX = 5
BATCH = 1_000
NEVER_MS = 1 << 60


@dataclass(slots=True)
class Progress:
    """How far it has come; the event time is the latest of all partitions."""

    clicks: int = 0
    refused: int = 0
    latest_ms: int = -1


@dataclass(frozen=True, slots=True)
class Caught:
    """What stands in the end: alerts whose trigger lies in [from, to), by event time."""

    clicks: int
    refused: int
    alerts: tuple[Alert, ...]

    def by_hour(self) -> dict[int, int]:
        """Alerts by the hour's start in epoch milliseconds; hours without any are left out."""
        return dict(sorted(Counter(alert.event_time_ms // HOUR_MS * HOUR_MS for alert in self.alerts).items()))


@dataclass(frozen=True, slots=True)
class Range:
    """Event times, the end exclusive."""

    from_ms: int
    to_ms: int


@dataclass(slots=True)
class _Run:
    """The engine on all partitions, and what it says so far."""

    rulebook: Rulebook
    progress: Progress
    engines: dict[int, Partition] = field(default_factory=dict)
    waiting: dict[int, list[Click]] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    rates: Rates = field(init=False)

    def __post_init__(self) -> None:
        self.rates = Rates(self.rulebook)

    def take(self, partition: int, click: Click) -> None:
        self.progress.latest_ms = max(self.progress.latest_ms, click.event_time_ms)
        waiting = self.waiting.setdefault(partition, [])
        waiting.append(click)
        if len(waiting) >= BATCH:
            self.decide(partition)

    def decide(self, partition: int) -> None:
        engine = self.engines.setdefault(partition, Partition(self.rulebook))
        self.keep(engine.add(self.waiting.pop(partition, [])))

    def keep(self, outcome: Outcome) -> None:
        for alert in (*outcome.alerts, *self.rates.add(outcome.matches)):
            self.alerts[alert.alert_id] = alert

    def beyond(self, partition: int, time_ms: int) -> bool:
        engine = self.engines.get(partition)
        return engine is not None and engine.latest_ms > time_ms

    def finish(self) -> None:
        for partition in list(self.waiting):
            self.decide(partition)
        for engine in self.engines.values():
            self.keep(Outcome(alerts=engine.advance(NEVER_MS)))
        self.keep(Outcome(alerts=self.rates.advance(NEVER_MS)))


def dry_run(options: Mapping[str, Any], rule: Rule, wanted: Range, progress: Progress) -> Caught:
    """Run a rule, as if it had always been there, over the clicks of a range and those before that its windows need.

    Each partition is read until no click that counts can touch the range any more. Raises Failure where Kafka fails.
    """
    history = RuleHistory(rule.name, (RuleVersion(1, 0, rule),))
    run = _Run(Rulebook().with_history(history), progress)
    pseudonyms = Pseudonyms(secrets.token_bytes(32))
    over_ms = wanted.to_ms + WINDOW_MAX_MS + LATE_MAX_MS
    for record in _records(options, wanted, run, over_ms):
        click = decode_click(record.value, record.timestamp, pseudonyms)
        if not isinstance(click, Click):
            progress.refused += 1
        elif click.event_time_ms >= wanted.from_ms - KEEP_MS:
            progress.clicks += 1
            run.take(record.partition, click)
    run.finish()
    caught = [
        alert
        for alert in run.alerts.values()
        if wanted.from_ms <= alert.event_time_ms < wanted.to_ms and alert.state is AlertState.OPEN
    ]
    ordered = sorted(caught, key=lambda alert: (alert.event_time_ms, alert.alert_id))
    return Caught(progress.clicks, progress.refused, tuple(ordered))


def _records(options: Mapping[str, Any], wanted: Range, run: _Run, over_ms: int) -> Iterator[ConsumerRecord]:
    with consumer(options) as reader:
        parts = partitions(reader, CLICKS)
        begin_ms = max(0, wanted.from_ms - KEEP_MS)
        found = reader.offsets_for_times(dict.fromkeys(parts, begin_ms))
        ends = reader.end_offsets(parts)
        begins: dict[TopicPartition, int] = {
            part: found[part].offset if found.get(part) else ends[part] for part in parts
        }
        yield from read_to_end(reader, CLICKS, begins, lambda partition: run.beyond(partition, over_ms))
