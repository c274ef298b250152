"""Brings alerts, labels and erasures into stores as an applier would."""

from collections.abc import Sequence
from pathlib import Path

from serving.apply import Poll, Record, apply_poll
from serving.erasures import Erasure, erasure_record_key, erasure_value
from serving.labels import Label, label_record_key, label_value
from serving.progress import Progress
from serving.side import SideRecord, SideTopic, read_side
from serving.store import GraphWriter
from tests.oracles.alerts import Event, row_of
from tests.oracles.graph import Upsert
from udfs.alerts import Alert


def apply_events(path: Path, events: Sequence[Event], empty: Progress) -> Progress:
    """One poll, the writer opened anew for it as after a kill."""
    with GraphWriter(path) as writer:
        return apply_with(writer, events, empty)


def apply_with(writer: GraphWriter, events: Sequence[Event], empty: Progress) -> Progress:
    """One poll; `empty` is the progress of a store that is none yet."""
    records: list[Record] = []
    side: list[SideRecord] = []
    for event in events:
        match event:
            case Upsert():
                records.append(event.record())
            case Alert():
                side.append(SideRecord(SideTopic.ALERTS, 0, 0, event.alert_id.encode(), row_of(event)))
            case Label():
                side.append(SideRecord(SideTopic.LABELS, 0, 0, label_record_key(event), label_value(event)))
            case Erasure():
                key = erasure_record_key(event)
                side.append(SideRecord(SideTopic.CONTROL, 0, 0, key, erasure_value(event)))
    return apply_poll(writer, Poll(records, {}, read_side(side)), writer.progress() or empty, 1).progress
