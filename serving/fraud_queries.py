"""Alerts from a view of the graph store, with what people said of them. Pure but for the reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from serving import alert_keys
from serving.alert_apply import shown_state
from serving.alert_keys import Brief
from serving.alert_rows import stored_alert
from serving.erasures import session_subject
from serving.labels import TIME_MS_MAX, Label, LabelKind, parse_label
from serving.store import View
from udfs.alerts import Alert, AlertState


@dataclass(frozen=True, slots=True)
class ServedAlert:
    """An alert as it is shown: the latest word on it, and when it was decided in epoch ms."""

    alert: Alert
    decided_at: int
    review: Label | None

    @property
    def state(self) -> AlertState:
        """Withdrawn if the job says so, else reviewed if somebody has, else open."""
        return shown_state(self.alert.state, reviewed=self.review is not None)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are asked for; empty texts mean any, times are those of the events, [from, to) in epoch ms."""

    state: str = ""
    rule: str = ""
    session_id: str = ""
    user: str = ""
    from_ms: int = 0
    to_ms: int = TIME_MS_MAX + 1

    def takes(self, brief: Brief) -> bool:
        """Whether an alert is asked for, as far as its brief says."""
        asked = (self.state, self.rule, self.session_id, self.user)
        given = (brief.state, brief.rule, brief.session, brief.user)
        return all(want in {"", have} for want, have in zip(asked, given, strict=True))


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Alerts, newest event first, ties by id, and the key of the last one if there are more."""

    alerts: tuple[ServedAlert, ...]
    last_key: bytes | None


@dataclass(frozen=True, slots=True)
class Change:
    """That an alert changed; of each alert only the latest change is known."""

    number: int
    alert_id: str


def find_alert(view: View, alert_id: str) -> ServedAlert | None:
    """The alert of an id."""
    alert = stored_alert(view.get(alert_keys.alert_row_key(alert_id)))
    stamp = view.get(alert_keys.stamp_key(alert_id))
    if alert is None or stamp is None:
        return None
    labels = [parse_label(value) for _, value in view.scan_prefix(alert_keys.label_prefix(LabelKind.ALERT, alert_id))]
    latest = max(labels, key=lambda label: label.order, default=None)
    return ServedAlert(alert, alert_keys.unpack_stamp(stamp).decided_at, latest)


def find_label(view: View, kind: LabelKind, subject: str, by: str) -> Label | None:
    """What somebody said last of a subject."""
    stored = view.get(alert_keys.label_key(kind, subject, by))
    return None if stored is None else parse_label(stored)


def alert_page(view: View, asked: AlertFilter, size: int, after: bytes | None = None) -> AlertPage:
    """At most `size` alerts that follow the key `after` of the index by time."""
    keys = list(islice(_keys(view, asked, after), size + 1))
    found = (find_alert(view, alert_keys.by_time_id(key)) for key in keys[:size])
    return AlertPage(tuple(one for one in found if one is not None), keys[size - 1] if len(keys) > size else None)


def _keys(view: View, asked: AlertFilter, after: bytes | None) -> Iterator[bytes]:
    lower, upper = alert_keys.by_time_bounds(asked.from_ms, asked.to_ms)
    lower = lower if after is None else max(lower, after + b"\0")
    subject = session_subject(asked.session_id) if asked.session_id else asked.user
    if subject:
        yield from _keys_of(view, subject, asked, (lower, upper))
        return
    for key, value in view.scan(lower, upper):
        if asked.takes(alert_keys.unpack_brief(value)):
            yield key


def _keys_of(view: View, subject: str, asked: AlertFilter, bounds: tuple[bytes, bytes]) -> list[bytes]:
    """Those of one session or user, of whose alerts there are few."""
    prefix = alert_keys.subject_prefix(subject)
    ids = [key[len(prefix) :].decode() for key, _ in view.scan_prefix(prefix)]
    rows = [row for alert_id in ids if (row := stored_alert(view.get(alert_keys.alert_row_key(alert_id))))]
    keys = sorted(alert_keys.by_time_key(row.event_time_ms, row.alert_id) for row in rows)
    briefs = ((key, view.get(key)) for key in keys if bounds[0] <= key < bounds[1])
    return [key for key, brief in briefs if brief is not None and asked.takes(alert_keys.unpack_brief(brief))]


def changes_after(view: View, number: int, most: int) -> list[Change]:
    """The first `most` changes with a higher number, ascending."""
    scanned = view.scan(*alert_keys.changes_after(number))
    return [Change(alert_keys.change_number(key), alert_keys.change_id(key)) for key, _ in islice(scanned, most)]
