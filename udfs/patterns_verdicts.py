"""What stands against a trigger by the clicks so far, and the upserts that lead from what stood before to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from udfs.alerts import CASCADE, Alert, AlertState, Score, Tier, alert_id
from udfs.clicks import COUPON_ATTEMPT, Click
from udfs.patterns_index import EVERYTHING
from udfs.patterns_program import Program, ReadyRule
from udfs.patterns_session import ActiveSession
from udfs.patterns_terms import EVIDENCE_MAX, Evidence, Span, evidence
from udfs.rule_values import WINDOW_MAX_MS

SCORED_MAX = 1_000
"""So many events before an attempt, the last ones, are shown to the cascade."""

ScoreAttempt: TypeAlias = Callable[[Sequence[Click]], Score | None]
"""The cascade. It is shown the session's events in [t - 10 min, t] in (event time, id) order, at most the last 1,000,
and the coupon attempt at the end; None where it raises no alert. The same events always give the same answer."""


class Verdict(NamedTuple):
    """An alert that stands: its version, and who raised it."""

    version: int
    raised_by: ReadyRule | Score


Standing: TypeAlias = Mapping[tuple[str, int], Verdict]
"""The open alerts of a trigger, by rule and version of the rule."""


class Judge:
    """Says what stands against triggers; pure but for its memory of scores."""

    def __init__(self, program: Program, score_attempt: ScoreAttempt | None) -> None:
        self._program = program
        self._score_attempt = score_attempt

    def standing(self, session: ActiveSession, trigger: Click, decided_to_ms: int) -> Standing:
        """What stands where absences are decided up to a time; those that end behind it do not stand yet."""
        found: dict[tuple[str, int], Verdict] = {}
        on_arrival = False
        for rule in self._program.rules_at(trigger):
            decided = rule.unless is None or trigger.event_time_ms + rule.after_ms <= decided_to_ms
            if decided and rule.holds(session, trigger):
                found[rule.written.name, rule.version] = Verdict(rule.alert_version(session, trigger), rule)
                on_arrival = on_arrival or rule.unless is None
        if not on_arrival and self._score_attempt is not None and trigger.kind == COUPON_ATTEMPT:
            version, score = self._scored(session, trigger, self._score_attempt)
            if score is not None:
                found[CASCADE, score.model_version] = Verdict(version, score)
        return found

    def _scored(self, session: ActiveSession, trigger: Click, score_attempt: ScoreAttempt) -> tuple[int, Score | None]:
        """The version and the score of an attempt; asked once for the same events."""
        span = _scored_span(session, trigger)
        known = session.scores.get(trigger.event_id)
        if known is None or known[0] != span.end - span.start:
            recent = Span(span.of, max(span.start, span.end - SCORED_MAX), span.end)
            score = score_attempt(evidence([recent], trigger).clicks)
            known = session.scores[trigger.event_id] = (span.end - span.start, score)
        return known


def due_to(click: Click, trigger: Click, stands: Standing) -> Standing:
    """What of a standing has changed with a click, where nothing can be withdrawn: the rules that look at it."""
    return {
        key: verdict
        for key, verdict in stands.items()
        if isinstance(verdict.raised_by, ReadyRule) and verdict.raised_by.considers(click, trigger)
    }


def _scored_span(session: ActiveSession, trigger: Click) -> Span:
    index = session.index(EVERYTHING)
    return Span(index, *index.between(trigger.event_time_ms - WINDOW_MAX_MS, trigger.event_time_ms))


def changes(session: ActiveSession, trigger: Click, was: Standing, stands: Standing) -> Iterator[Alert]:
    """The upserts of a trigger: withdrawn what stood and does not, open what is new or rests on more."""
    for key, (version, raised_by) in was.items():
        if key not in stands:
            yield _alert(session, trigger, raised_by, AlertState.WITHDRAWN, version + 1)
    for key, verdict in stands.items():
        before = was.get(key)
        if before is None or before.version != verdict.version:
            yield _alert(session, trigger, verdict.raised_by, AlertState.OPEN, verdict.version)


def _alert(
    session: ActiveSession, trigger: Click, raised_by: ReadyRule | Score, state: AlertState, version_least: int
) -> Alert:
    if isinstance(raised_by, ReadyRule):
        return raised_by.alert(session, trigger, state, version_least)
    found = evidence([_scored_span(session, trigger)], trigger)
    found = found._replace(version=max(found.version, version_least))
    return _cascade_alert(trigger, raised_by, found, state)


def _cascade_alert(trigger: Click, score: Score, found: Evidence, state: AlertState) -> Alert:
    return Alert(
        alert_id=alert_id(CASCADE, score.model_version, trigger.session_id, trigger.event_id),
        session_id=trigger.session_id,
        rule=CASCADE,
        rule_version=score.model_version,
        state=state,
        tier=Tier.CORE,
        event_time_ms=trigger.event_time_ms,
        version=found.version,
        evidence=tuple(click.event_id for click in found.clicks[-EVIDENCE_MAX:]),
        score_micro=score.score_micro,
        user=trigger.user,
        why=score.why,
        model_versions=score.model_versions,
        window_ms=WINDOW_MAX_MS,
        features=score.features,
        events=found.clicks[-EVIDENCE_MAX:],
    )
