"""How the alerts that are served compare with those that the fed clicks must raise.

The rule `coupon-abuse` must be right to the last event: no alert missing, none too many, each with exactly
the evidence it has. What the cascade of models finds besides is up to the models and is only told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from udfs.alerts import CASCADE, AlertState
from wiregraph.generator_alerts import expected_alerts
from wiregraph.generator_records import StreamRecord, TrueAlert, TrueSession

RULE = "coupon-abuse"
GUESSER = "guesser"
"""The plan of sessions that are fraud, though none that the rule knows."""


@dataclass(frozen=True, slots=True)
class ServedAlert:
    """An alert as the server shows it; the triggering event is the last one of its evidence."""

    alert_id: str
    rule: str
    session_id: str
    state: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertComparison:
    """Alerts of the rule, and of the cascade by whether their sessions were made fraudulent.

    `missing` and `extra` name session and attempt, `wrong` are alerts whose evidence is not the true one.
    """

    true: int
    served: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    wrong: tuple[str, ...]
    withdrawn: int
    guessers: int
    guessers_found: int
    cascade_on_others: int

    @property
    def is_exact(self) -> bool:
        """Whether the rule's alerts are the true ones, each with its evidence."""
        return not (self.missing or self.extra or self.wrong)


def compare_alerts(
    fed: Iterable[StreamRecord], sessions: Iterable[TrueSession], served: Iterable[ServedAlert]
) -> AlertComparison:
    """The comparison over the records that were fed, all of them decided on and applied."""
    records, alerts = list(fed), list(served)
    true = {_name(alert): alert.evidence for alert in expected_alerts(records)}
    shown = [alert for alert in alerts if alert.state != AlertState.WITHDRAWN]
    of_rule = [alert for alert in shown if alert.rule == RULE]
    found = {f"{alert.session_id} {alert.evidence[-1]}": alert.evidence for alert in of_rule if alert.evidence}
    keys = {(record.key or b"").decode("utf-8", "replace") for record in records}
    guessers = {one.session_id for one in sessions if one.plan == GUESSER and one.session_id in keys}
    suspects = {alert.session_id for alert in shown if alert.rule == CASCADE}
    return AlertComparison(
        true=len(true),
        served=len(of_rule),
        missing=tuple(sorted(true.keys() - found.keys())),
        extra=tuple(sorted(found.keys() - true.keys())),
        wrong=tuple(sorted(name for name in true.keys() & found.keys() if true[name] != found[name])),
        withdrawn=len(alerts) - len(shown),
        guessers=len(guessers),
        guessers_found=len(guessers & suspects),
        cascade_on_others=len(suspects - guessers),
    )


def _name(alert: TrueAlert) -> str:
    return f"{alert.session_id} {alert.event_id}"
