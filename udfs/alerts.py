"""Alerts: what the click job emits of a pattern's match, their identity and their rows on the topic `alerts`.

    key = alert_id, value = JSON: the fields of the contract, and version, user, why, model_versions, window_ms,
    and `events`, the details of the last of the evidence

An alert is an upsert: the higher version wins, and the same version says the same (but for `decided_at`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import orjson

from udfs.clicks import KINDS, Click
from udfs.records import MICRO

EVENTS_MAX = 50
"""So many events of the evidence, the last ones, stand in an alert with their details."""

CASCADE = "cascade"
"""The rule that alerts of the models name; no rule of a user's may take it."""


T = TypeVar("T")


class AlertState(StrEnum):
    """What became of an alert; `reviewed` is the served store's word, the job writes the others."""

    OPEN = "open"
    REVIEWED = "reviewed"
    WITHDRAWN = "withdrawn"


class Tier(StrEnum):
    """Core decides on a click's arrival, batch on windows of 5 seconds across sessions."""

    CORE = "core"
    BATCH = "batch"


class AlertError(ValueError):
    """A value of the topic `alerts` that is not of the form above."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One match of a rule. `evidence`: event ids in (event time, id) order, the triggering event's last.

    What broke a withdrawn one stands behind the trigger where it came behind it. `version` is the number of events
    that are evidence; `evidence` holds the last of them where they are very many. `event_time_ms` is the trigger's,
    `window_ms` how far the rule looked back from there, `score_micro` 0..1 in micro-units.
    """

    alert_id: str
    session_id: str
    rule: str
    rule_version: int
    state: AlertState
    tier: Tier
    event_time_ms: int
    version: int
    evidence: tuple[str, ...]
    score_micro: int = MICRO
    user: str = ""
    why: str = ""
    model_versions: str = ""
    window_ms: int = 0
    features: Mapping[str, float] = field(default_factory=dict)
    events: tuple[Click, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """What the cascade says of a coupon attempt that it does not clear: an alert with rule `cascade`.

    `score_micro` is 0..1 in micro-units, `model_version` becomes the alert's `rule_version`, `model_versions` names
    all models that spoke, `why` is one sentence.
    """

    score_micro: int
    model_version: int
    model_versions: str
    why: str
    features: Mapping[str, float]


def alert_id(rule: str, rule_version: int, subject: str, trigger: str | int) -> str:
    """32 hex digits: of a session and its trigger, or across sessions of the scope's value and the window's start."""
    parts = (rule, str(rule_version), subject, str(trigger))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def alert_row(alert: Alert, decided_at_ms: int) -> bytes:
    """The value for the topic `alerts`; `decided_at_ms` is the clock's word, for people alone."""
    return orjson.dumps(
        {
            "alert_id": alert.alert_id,
            "session_id": alert.session_id,
            "rule": alert.rule,
            "rule_version": alert.rule_version,
            "state": alert.state,
            "tier": alert.tier,
            "score": alert.score_micro / MICRO,
            "event_time": alert.event_time_ms,
            "decided_at": decided_at_ms,
            "evidence": alert.evidence,
            "features": dict(alert.features),
            "version": alert.version,
            "user": alert.user,
            "why": alert.why,
            "model_versions": alert.model_versions,
            "window_ms": alert.window_ms,
            "events": [_event_fields(event, alert) for event in alert.events[-EVENTS_MAX:]],
        }
    )


def _event_fields(event: Click, alert: Alert) -> dict[str, object]:
    fields: dict[str, object] = {
        "event_id": event.event_id,
        "event_time": event.event_time_ms,
        "kind": event.kind,
        "item_id": event.item_id,
        "price": None if event.price_micro is None else event.price_micro / MICRO,
        "coupon": event.coupon,
    }
    if (event.session_id, event.user) != (alert.session_id, alert.user):
        fields |= {"session_id": event.session_id, "user": event.user}
    return fields


def parse_alert(value: bytes) -> tuple[Alert, int]:
    """The alert in a row and when it was decided (epoch ms); raises AlertError where it is none."""
    try:
        return _parsed(orjson.loads(value))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise AlertError(f"not an alert: {type(error).__name__} {error}") from error


def _parsed(fields: dict[str, object]) -> tuple[Alert, int]:
    row: dict[str, object] = dict(fields)
    session_id, user = _text(row["session_id"]), _text(row["user"])
    alert = Alert(
        alert_id=_text(row["alert_id"]),
        session_id=session_id,
        rule=_text(row["rule"]),
        rule_version=_whole(row["rule_version"]),
        state=AlertState(_text(row["state"])),
        tier=Tier(_text(row["tier"])),
        event_time_ms=_whole(row["event_time"]),
        version=_whole(row["version"]),
        evidence=tuple(_text(one) for one in _many(row["evidence"])),
        score_micro=round(_number(row["score"]) * MICRO),
        user=user,
        why=_text(row["why"]),
        model_versions=_text(row["model_versions"]),
        window_ms=_whole(row["window_ms"]),
        features={name: _number(value) for name, value in _fields(row["features"]).items()},
        events=tuple(_event(_fields(one), session_id, user) for one in _many(row["events"])),
    )
    return alert, _whole(row["decided_at"])


def _event(fields: dict[str, object], session_id: str, user: str) -> Click:
    price = fields["price"]
    return Click(
        session_id=_text(fields.get("session_id", session_id)),
        event_id=_text(fields["event_id"]),
        event_time_ms=_whole(fields["event_time"]),
        kind=KINDS[_text(fields["kind"])],
        user=_text(fields.get("user", user)),
        item_id=_text(fields["item_id"]),
        price_micro=None if price is None else round(_number(price) * MICRO),
        coupon=_text(fields["coupon"]),
    )


def _text(value: object) -> str:
    return _typed(value, str)


def _whole(value: object) -> int:
    return _typed(value, int)


def _number(value: object) -> float:
    return value if isinstance(value, int) else _typed(value, float)


def _many(value: object) -> list[object]:
    return _typed(value, list)


def _fields(value: object) -> dict[str, object]:
    return _typed(value, dict)


def _typed(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
