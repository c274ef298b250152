"""What comes beside a graph's changelog: alerts, labels, and erasures from the topic `control`. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from serving.alert_rows import AlertUpsert, parse_alert_upsert
from serving.erasures import KEY_PREFIX, Erasure, parse_erasure
from serving.labels import Label, LabelError, parse_label
from udfs.alerts import AlertError
from udfs.topics import CONTROL, LABELS, alerts_topic

log = logging.getLogger(__name__)


class SideTopic(StrEnum):
    """The kinds of topics beside the changelog."""

    ALERTS = "alerts"
    LABELS = "labels"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class SideRecord:
    """A record of one of these topics; `value` is None for a tombstone of Kafka's."""

    kind: SideTopic
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Side:
    """What a poll of these topics brought, in the order of the records; `refused` counts what could not be read."""

    alerts: Sequence[AlertUpsert] = ()
    labels: Sequence[Label] = ()
    erasures: Sequence[Erasure] = ()
    refused: int = 0


NONE = Side()


def side_topics(graph: str) -> dict[str, SideTopic]:
    """The topics that a graph's store follows beside its changelog, by name."""
    return {alerts_topic(graph): SideTopic.ALERTS, LABELS: SideTopic.LABELS, CONTROL: SideTopic.CONTROL}


def read_side(records: Iterable[SideRecord]) -> Side:
    """What records say. What cannot be read is passed, with a line in the log that holds nothing of its content."""
    alerts: list[AlertUpsert] = []
    labels: list[Label] = []
    erasures: list[Erasure] = []
    refused = 0
    for record in records:
        try:
            match _parse(record):
                case AlertUpsert() as alert:
                    alerts.append(alert)
                case Label() as label:
                    labels.append(label)
                case Erasure() as erasure:
                    erasures.append(erasure)
        except (AlertError, LabelError) as error:
            refused += 1
            why = type(error).__name__ if isinstance(error, AlertError) else error
            log.warning("record %s/%d/%d is skipped: %s", record.kind, record.partition, record.offset, why)
    return Side(alerts, labels, erasures, refused) if alerts or labels or erasures or refused else NONE


def _parse(record: SideRecord) -> AlertUpsert | Label | Erasure | None:
    """None for what concerns others, and for tombstones: neither a verdict nor an erasure is taken back by one."""
    if record.value is None:
        return None
    if record.kind is SideTopic.ALERTS:
        return parse_alert_upsert(record.value)
    if record.kind is SideTopic.LABELS:
        return parse_label(record.value)
    erasure = parse_erasure(record.key, record.value)
    if erasure is None and (record.key or b"").startswith(KEY_PREFIX):
        raise LabelError("no erasure")
    return erasure
