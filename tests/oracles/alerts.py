"""The brute-force twin of what a store shows of alerts, labels and erased subjects in any order of the records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from serving.erasures import Erasure
from serving.labels import Label
from tests.oracles.graph import Upsert
from udfs.alerts import Alert, AlertState, Tier, alert_row
from udfs.clicks import Click

Event = Upsert | Alert | Label | Erasure
"""One record of the changelog, of `alerts`, of `labels` or of `control`."""


def make_alert(alert_id: str, version: int = 1, **fields: object) -> Alert:
    """An alert that says the same each time it is made; its event time follows from its id."""
    time_ms = 1_700_000_000_000 + sum(alert_id.encode())
    evidence = tuple(f"e{number}" for number in range(version))
    alert = Alert(
        alert_id=alert_id,
        session_id=f"s-{alert_id}",
        rule="coupon-abuse",
        rule_version=1,
        state=AlertState.OPEN,
        tier=Tier.CORE,
        event_time_ms=time_ms,
        version=version,
        evidence=evidence,
        why="6 views of 200 or more within 2 minutes, then a coupon",
        window_ms=120_000,
        features={"views": float(version)},
        events=(Click(f"s-{alert_id}", evidence[-1], time_ms, "coupon_attempt", "", "", None, "SAVE10"),),
    )
    return replace(alert, **fields)  # type: ignore[arg-type]  # the caller's


def row_of(alert: Alert) -> bytes:
    """The record's value; when it was decided follows from the version, so that repeats are equal."""
    return alert_row(alert, 1_700_000_100_000 + alert.version)


@dataclass(frozen=True)
class Shown:
    """What a store must show in the end."""

    rows: tuple[Upsert, ...]
    alerts: tuple[Alert, ...]
    labels: tuple[Label, ...]
    subjects: frozenset[str]


def shown(events: Iterable[Event]) -> Shown:
    """All erasures hold from the beginning; an alert is gone if any record of it has named an erased subject."""
    all_events = list(events)
    subjects = frozenset(event.subject for event in all_events if isinstance(event, Erasure))
    alerts = [event for event in all_events if isinstance(event, Alert)]
    gone = {one.alert_id for one in alerts if _named(one) & subjects}
    kept = [one for one in alerts if one.alert_id not in gone]
    latest = {one.alert_id: one for one in sorted(kept, key=lambda one: one.version)}
    return Shown(
        _rows(all_events, subjects),
        tuple(latest.values()),
        _labels(all_events, gone, subjects),
        subjects,
    )


def _named(alert: Alert) -> set[str]:
    sessions = {alert.session_id, *(event.session_id for event in alert.events)}
    return {f"session:{one}" for one in sessions} | {alert.user, *(event.user for event in alert.events)}


def _rows(events: Sequence[Event], subjects: frozenset[str]) -> tuple[Upsert, ...]:
    rows = [event for event in events if isinstance(event, Upsert) and not subjects & set(event.key.split("/")[1:3])]
    return tuple({row.key: row for row in sorted(rows, key=lambda row: row.version)}.values())


def _labels(events: Sequence[Event], gone: set[str], subjects: frozenset[str]) -> tuple[Label, ...]:
    labels = [event for event in events if isinstance(event, Label)]
    kept = [
        one
        for one in labels
        if not (one.kind == "alert" and one.subject in gone)
        and not (one.kind == "mention" and one.subject.split("/")[0] in subjects)
    ]
    ordered = sorted(kept, key=lambda one: one.order)
    return tuple({(one.kind, one.subject, one.by): one for one in ordered}.values())
