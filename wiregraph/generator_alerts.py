"""The alerts that a part of a generated stream must raise, found by looking at every attempt anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from udfs.topics import CLICKS
from wiregraph.generator_clicks import COUNTED_LATE_MS_MAX, HIGH_VALUE, RULE_WINDOW_MS, VIEWS_MAX
from wiregraph.generator_records import StreamRecord, TrueAlert


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rule looks at of a click."""

    event_id: str
    event_time_ms: int
    kind: str
    price: float


def expected_alerts(fed: Iterable[StreamRecord]) -> tuple[TrueAlert, ...]:
    """Return the alerts of `coupon-abuse` that are open once the records, in the order of arrival, are decided on.

    A click that its own session's clicks show to be too late does not count. No other generated click is so late.
    """
    sessions: dict[str, dict[str, _Seen]] = defaultdict(dict)
    latest_ms: dict[str, int] = defaultdict(int)
    for record in fed:
        if record.topic != CLICKS or record.value is None:
            continue
        fields = orjson.loads(record.value)
        session_id, event_id = fields["session_id"], fields["event_id"]
        latest_ms[session_id] = max(latest_ms[session_id], record.record_time_ms)
        if latest_ms[session_id] - record.record_time_ms <= COUNTED_LATE_MS_MAX:
            click = _Seen(event_id, record.record_time_ms, fields["kind"], fields.get("price", 0.0))
            sessions[session_id].setdefault(event_id, click)
    return tuple(alert for session_id in sorted(sessions) for alert in _alerts(session_id, sessions[session_id]))


def _alerts(session_id: str, clicks: dict[str, _Seen]) -> list[TrueAlert]:
    """The alerts of a session, by (event time, id) of their attempts."""
    ordered = sorted(clicks.values(), key=lambda click: (click.event_time_ms, click.event_id))
    found = []
    for attempt in ordered:
        views = [
            click.event_id
            for click in ordered
            if click.kind == "view"
            and click.price >= HIGH_VALUE
            and 0 <= attempt.event_time_ms - click.event_time_ms <= RULE_WINDOW_MS
        ]
        if attempt.kind == "coupon_attempt" and len(views) > VIEWS_MAX:
            found.append(TrueAlert(session_id, attempt.event_id, (*views, attempt.event_id)))
    return found
