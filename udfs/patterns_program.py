"""A rulebook made ready: which clicks are triggers, what decides about them, and what a click can touch."""

from __future__ import annotations

from dataclasses import dataclass

from udfs.alerts import Alert, AlertState, Tier, alert_id
from udfs.clicks import COUPON_ATTEMPT, KINDS, Click
from udfs.patterns_index import EVERYTHING, Selector, Selectors
from udfs.patterns_terms import (
    EVIDENCE_MAX,
    AbsenceTerm,
    Indexes,
    Span,
    SumTerm,
    Term,
    evidence,
    evidence_count,
    ready,
    ready_absence,
    wanted,
)
from udfs.records import MICRO
from udfs.rule_values import WINDOW_MAX_MS
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion
from udfs.rules import MATCH_KINDS, Before, CoreRule, Filter


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """One version of a core rule."""

    written: CoreRule
    version: int
    trigger: Selector
    terms: tuple[Term, ...]
    unless: AbsenceTerm | None

    @property
    def after_ms(self) -> int:
        """How long behind its trigger it can first be decided."""
        return self.unless.within_ms if self.unless else 0

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether the trigger raises an alert by what came so far."""
        for term in self.terms:
            if not term.holds(session, trigger):
                return False
        return self.unless is None or self.unless.holds(session, trigger)

    def considers(self, click: Click, trigger: Click) -> bool:
        """Whether one of its terms looks at a click; said of rules that nothing can withdraw."""
        return any(term.considers(click, trigger) for term in self.terms)

    def alert_version(self, session: Indexes, trigger: Click) -> int:
        """The version that an alert has by what came so far: how much evidence there is."""
        return evidence_count(self._spans(session, trigger), trigger, self._breaking(session, trigger))

    def _spans(self, session: Indexes, trigger: Click) -> list[Span]:
        return [span for term in self.terms for span in term.considered(session, trigger)]

    def _breaking(self, session: Indexes, trigger: Click) -> Span | None:
        return self.unless.breaking(session, trigger) if self.unless else None

    def alert(self, session: Indexes, trigger: Click, state: AlertState, version_least: int = 0) -> Alert:
        """The alert as it stands; its version is at least `version_least`."""
        found = evidence(self._spans(session, trigger), trigger, self._breaking(session, trigger))
        measures = self._measures(session, trigger)
        said = ", ".join(f"{name} {value:g}" for name, value in measures.items())
        return Alert(
            alert_id=alert_id(self.written.name, self.version, trigger.session_id, trigger.event_id),
            session_id=trigger.session_id,
            rule=self.written.name,
            rule_version=self.version,
            state=state,
            tier=Tier.CORE,
            event_time_ms=trigger.event_time_ms,
            version=max(found.version, version_least),
            evidence=tuple(click.event_id for click in found.clicks[-EVIDENCE_MAX:]),
            score_micro=self.written.score_micro,
            user=trigger.user,
            why=f"{self.written.why} ({said})" if said else self.written.why,
            window_ms=self.written.before_ms,
            features=measures,
            events=found.clicks[-EVIDENCE_MAX:],
        )

    def _measures(self, session: Indexes, trigger: Click) -> dict[str, float]:
        measures: dict[str, float] = {}
        for number, term in enumerate(self.terms, 1):
            value = term.measure(session, trigger)
            name = term.feature if term.feature not in measures else f"{term.feature}_{number}"
            measures[name] = value / MICRO if isinstance(term, SumTerm) else value
        return measures


@dataclass(frozen=True, slots=True)
class ReadyHistory:
    """A rule's versions with their effective times; None for one that is disabled or no core rule."""

    versions: tuple[tuple[int, ReadyRule | None], ...]

    def at(self, event_time_ms: int) -> ReadyRule | None:
        """The version that decides about a trigger at this time, the last one put of those effective."""
        for effective_ms, rule in reversed(self.versions):
            if effective_ms <= event_time_ms:
                return rule
        return None


@dataclass(frozen=True, slots=True)
class _Interest:
    """Clicks that some rule looks at, so far before and behind its triggers."""

    selector: Selector
    before_ms: int
    after_ms: int


class Program:
    """A rulebook made ready. `scores`: coupon attempts are scored by the cascade, too."""

    def __init__(self, rulebook: Rulebook, selectors: Selectors, *, scores: bool) -> None:
        self._by_kind: dict[str, tuple[ReadyHistory, ...]] = {}
        self._interests: dict[str, tuple[_Interest, ...]] = {}
        self._selectors = selectors
        self.after_ms = 0
        """How far behind their triggers rules look at most."""
        self.withdraws = scores
        """Whether a click may take back what stands; else triggers need a look only behind it."""
        for history in rulebook.core():
            self._add(history)
        if scores:
            interest = _Interest(EVERYTHING, WINDOW_MAX_MS, 0)
            self._interests = {kind: (*self._interests.get(kind, ()), interest) for kind in KINDS}
        self.triggers = frozenset(self._by_kind) | ({COUPON_ATTEMPT} if scores else frozenset())
        self.decisive = self.triggers | MATCH_KINDS

    def rules_at(self, trigger: Click) -> list[ReadyRule]:
        """The rules that decide about this click."""
        found = []
        for history in self._by_kind.get(trigger.kind, ()):
            rule = history.at(trigger.event_time_ms)
            if rule is not None and rule.trigger.matches(trigger):
                found.append(rule)
        return found

    def reach(self, click: Click) -> tuple[int, int] | None:
        """How far behind and before it the triggers lie that this click can touch; None where it touches none."""
        found = [one for one in self._interests.get(click.kind, ()) if one.selector.matches(click)]
        if not found:
            return None
        return max(one.before_ms for one in found), max(one.after_ms for one in found)

    def _add(self, history: RuleHistory) -> None:
        made = ReadyHistory(tuple((one.effective_from_ms, self._ready(one)) for one in history.versions))
        for kind in {kind for _, rule in made.versions if rule for kind in rule.written.trigger.kind}:
            self._by_kind[kind] = (*self._by_kind.get(kind, ()), made)

    def _ready(self, version: RuleVersion) -> ReadyRule | None:
        rule = version.rule
        if not isinstance(rule, CoreRule) or not rule.enabled:
            return None
        for term in rule.when:
            for of, within_ms in wanted(term):
                self._interest(of, within_ms, 0)
        self.withdraws = self.withdraws or withdrawable(rule)
        if rule.unless:
            self._interest(rule.unless.happens, 0, rule.unless.within_ms)
            self.after_ms = max(self.after_ms, rule.unless.within_ms)
        return ReadyRule(
            written=rule,
            version=version.version,
            trigger=self._selectors.of(rule.trigger),
            terms=tuple(ready(term, self._selectors) for term in rule.when),
            unless=ready_absence(rule.unless, self._selectors),
        )

    def _interest(self, of: Filter, before_ms: int, after_ms: int) -> None:
        interest = _Interest(self._selectors.of(of), before_ms, after_ms)
        for kind in of.kind:
            self._interests[kind] = (*self._interests.get(kind, ()), interest)


def withdrawable(rule: CoreRule) -> bool:
    """Whether a click that comes late can break what a rule raised."""
    return rule.unless is not None or any(isinstance(term, Before) and term.without is not None for term in rule.when)


def changed_from_ms(old: Rulebook, new: Rulebook) -> int | None:
    """The event time from which two books can differ; None where they are the same."""
    times = [
        one.effective_from_ms
        for name, history in new.histories.items()
        for one in history.versions[len(old.histories[name].versions) if name in old.histories else 0 :]
    ]
    return min(times, default=None)
