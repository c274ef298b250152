"""From a record of `alerts` to what the graph store holds of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import orjson

from serving import keyspace
from serving.erasures import session_subject
from serving.labels import TIME_MS_MAX
from udfs.alerts import Alert, AlertError, parse_alert

NOT_STATE = ("version", "decided_at", "applied_at", "lateness")
"""Fields that a dump does not show: the version stands beside the row, the rest says when something happened."""

ID_CHARS_MAX = 512
VERSION_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AlertUpsert:
    """An alert that may be applied, its decision in epoch ms, and its row as a dump prints it."""

    alert: Alert
    decided_at: int
    canonical: bytes

    @property
    def subjects(self) -> tuple[str, ...]:
        """See `subjects`."""
        return subjects(self.alert)


def subjects(alert: Alert) -> tuple[str, ...]:
    """Whom an alert names: its session and user and, of one across sessions, those of its events."""
    named = (part for session_id, user in _parties(alert) for part in (session_subject(session_id), user) if part)
    return tuple(dict.fromkeys(named))


def _parties(alert: Alert) -> list[tuple[str, str]]:
    return [(alert.session_id, alert.user), *((event.session_id, event.user) for event in alert.events)]


def parse_alert_upsert(value: bytes) -> AlertUpsert:
    """Raises `AlertError` for a record that cannot be stored."""
    alert, decided_at = parse_alert(value)
    ids = (alert.alert_id, alert.rule, *chain.from_iterable(_parties(alert)))
    if not alert.alert_id or any("\0" in one or len(one) > ID_CHARS_MAX for one in ids):
        raise AlertError("an id is empty, too long or holds a NUL")
    times = (alert.event_time_ms, decided_at, alert.window_ms, *(event.event_time_ms for event in alert.events))
    if not all(0 <= time <= TIME_MS_MAX for time in times) or not 0 <= alert.version <= VERSION_MAX:
        raise AlertError("a time or the version is out of range")
    state = {name: field for name, field in orjson.loads(value).items() if name not in NOT_STATE}
    return AlertUpsert(alert, decided_at, orjson.dumps(state, option=orjson.OPT_SORT_KEYS))


def stored_alert(stored: bytes | None) -> Alert | None:
    """The alert that a row holds; None where there is no row."""
    if stored is None:
        return None
    fields = orjson.loads(keyspace.row_json(stored))
    alert, _ = parse_alert(orjson.dumps({**fields, "version": keyspace.row_version(stored), "decided_at": 0}))
    return alert
