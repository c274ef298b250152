"""The pattern engine of one input partition: clicks in, alerts out, exact whatever the order of arrival.

The clicks that it accepts are kept `KEEP_MS` of event time behind the latest; the job's state holds them as chunks, and
`Partition.rebuild` reads them back, so that what stands in memory is only an index of what was checkpointed. All that
it decides depends on the clicks and their order alone, never on a clock or on where a batch ends.

A click that comes in order costs the same whatever its session holds: it waits unread until a trigger asks. One that
comes behind triggers that it can touch has these decided again, before and after it is counted: what is new is an
upsert, what is gone is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush

from udfs.alerts import Alert
from udfs.chunks import pack, unpack
from udfs.clicks import Click
from udfs.lateness import OUT_OF_ORDERNESS_MS
from udfs.patterns_index import Selectors
from udfs.patterns_memory import KEEP_MS, Memory
from udfs.patterns_program import Program, changed_from_ms
from udfs.patterns_records import LateClick, Match, Outcome
from udfs.patterns_session import ActiveSession, Session
from udfs.patterns_verdicts import Judge, ScoreAttempt, Standing, changes, due_to
from udfs.rulebook import Rulebook
from udfs.rules import MATCH_KINDS

LATE_MAX_MS = 300_000
"""How far behind its partition's latest event time a click still counts."""
NEVER_MS = 1 << 62
SWEEP_CLICKS = 8
"""For each click that comes, so many old ones may be looked at, to be frozen or forgotten."""

__all__ = ["KEEP_MS", "LATE_MAX_MS", "LateClick", "Match", "Outcome", "Partition", "ScoreAttempt", "pack", "unpack"]


class Partition:
    """The engine of one input partition; not for more than one thread."""

    def __init__(self, rulebook: Rulebook, score_attempt: ScoreAttempt | None = None) -> None:
        self.latest_ms = -1
        """The highest event time so far, -1 before the first click; older than this - KEEP_MS is forgotten."""
        self.watermark_ms = -1
        """The highest that `advance` was told: belongs into the state, beside the chunks."""
        self._rulebook = rulebook
        self._selectors = Selectors()
        self._score_attempt = score_attempt
        self._program = self._made_ready(rulebook)
        self._judge = Judge(self._program, score_attempt)
        self._memory = Memory()
        self._sessions = self._memory.sessions
        self._wake_ms = NEVER_MS
        self._deadlines: list[tuple[int, str, str]] = []
        self._alerts: dict[str, Alert] = {}

    @property
    def rulebook(self) -> Rulebook:
        """The rules that decide."""
        return self._rulebook

    @property
    def deadline_ms(self) -> int | None:
        """When the next absence can be decided: call `advance` once the watermark is there."""
        return self._deadlines[0][0] if self._deadlines else None

    def add(self, clicks: Sequence[Click]) -> Outcome:
        """Take a batch in the order of arrival; where a batch ends does not matter to what is decided."""
        outcome = Outcome()
        sessions, accept = self._sessions, outcome.accepted.append
        decisive = self._program.decisive
        for at, click in enumerate(clicks):
            session_id, event_id, time_ms, kind, *_ = click
            session = sessions.get(session_id)
            if session is not None and (session.frozen or event_id in session.clicks) and self._repeats(session, click):
                outcome.duplicates += 1
                continue
            if time_ms > self.latest_ms:
                self.latest_ms = time_ms
                if time_ms >= self._wake_ms:
                    self._decide_absences()
            elif self.latest_ms - time_ms > OUT_OF_ORDERNESS_MS and not self._late(at, time_ms, outcome):
                continue
            session = session or self._memory.open(session_id, time_ms)
            if time_ms > session.newest_ms:  # noqa: PLR1730 - a call to max costs as much as deciding
                session.newest_ms = time_ms
            accept(click)
            if kind in decisive or session.active is not None:
                self._consider(session, click, outcome)
            else:
                session.clicks[event_id] = click
        outcome.alerts = self._taken()
        self._memory.sweep(self.latest_ms, SWEEP_CLICKS * len(clicks))
        return outcome

    def advance(self, watermark_ms: int) -> list[Alert]:
        """Decide the absences that end at or before the watermark."""
        self.watermark_ms = max(self.watermark_ms, watermark_ms)
        self._decide_absences()
        return self._taken()

    def put(self, rulebook: Rulebook) -> list[Alert]:
        """Take other rules; triggers that came already and that these decide about are decided again.

        That is what makes a rule's first moments those of a replay: clicks may come before the news of the rule does.
        """
        changed_ms = changed_from_ms(self._rulebook, rulebook)
        if changed_ms is None:
            return []
        from_ms = max(changed_ms, self.latest_ms - LATE_MAX_MS)
        program = self._made_ready(rulebook)
        # Absences of triggers that came before may not be decided yet.
        reach_ms = max(program.after_ms, self._program.after_ms)
        touched = self._sessions_from(from_ms - reach_ms) if from_ms <= self.latest_ms else {}
        before = self._standings(touched, from_ms)
        self._rulebook, self._program, self._judge = rulebook, program, Judge(program, self._score_attempt)
        self._index(touched)
        for (session_id, event_id), stands in self._standings(touched, from_ms).items():
            session = self._sessions[session_id]
            was = before.pop((session_id, event_id), {})
            self._publish(session, session.clicks[event_id], was, stands)
        for (session_id, event_id), was in before.items():
            session = self._sessions[session_id]
            self._publish(session, session.clicks[event_id], was, {})
        return self._taken()

    @classmethod
    def rebuild(
        cls,
        rulebook: Rulebook,
        chunks: Iterable[bytes],
        watermark_ms: int = -1,
        score_attempt: ScoreAttempt | None = None,
    ) -> Partition:
        """The partition that accepted these chunks, in their order: it decides as the first one would.

        A chunk is no longer needed once `latest_ms` - KEEP_MS is beyond the `latest_ms` at which it was accepted.
        """
        made = cls(rulebook, score_attempt)
        clicks = [click for chunk in chunks for click in unpack(chunk)]
        made.latest_ms = max((click.event_time_ms for click in clicks), default=-1)
        made.watermark_ms = watermark_ms
        made._load(clicks)
        return made

    def _load(self, clicks: Iterable[Click]) -> None:
        for click in clicks:
            if self._remembers(click):
                time_ms = click.event_time_ms
                session = self._sessions.get(click.session_id) or self._memory.open(click.session_id, time_ms)
                session.newest_ms = max(session.newest_ms, time_ms)
                session.clicks[click.event_id] = click
        self._index(self._sessions)
        self._memory.settle(self.latest_ms)

    def _made_ready(self, rulebook: Rulebook) -> Program:
        return Program(rulebook, self._selectors, scores=self._score_attempt is not None)

    def _sessions_from(self, from_ms: int) -> dict[str, Session]:
        """The sessions with a click from a time on, none of them frozen any more."""
        found = {name: one for name, one in self._sessions.items() if one.newest_ms >= from_ms}
        for session_id, session in found.items():
            if session.frozen:
                self._thaw(session_id)
        return found

    def _index(self, sessions: Mapping[str, Session]) -> None:
        """Look for the triggers of these sessions by the rules as they are now."""
        self._deadlines = [one for one in self._deadlines if one[1] not in sessions]
        heapify(self._deadlines)
        for session in sessions.values():
            for trigger in self._activate(session):
                self._expect(trigger)
        self._sleep()

    def _activate(self, session: Session) -> list[Click]:
        wanted, scores = self._program.triggers, session.active.scores if session.active else {}
        triggers = [click for click in session.clicks.values() if click.kind in wanted]
        session.active = ActiveSession(session.clicks, triggers, scores) if triggers else None
        return triggers

    def _thaw(self, session_id: str) -> None:
        self._activate(self._memory.thaw(session_id))

    def _awake(self, session_id: str) -> Session | None:
        session = self._sessions.get(session_id)
        if session is not None and session.frozen:
            self._thaw(session_id)
        return session

    def _repeats(self, session: Session, click: Click) -> bool:
        """Whether a click came before and is remembered; thaws its session."""
        if session.frozen:
            self._thaw(click.session_id)
        first = session.clicks.get(click.event_id)
        return first is not None and self._remembers(first)

    def _remembers(self, click: Click) -> bool:
        return click.event_time_ms >= self.latest_ms - KEEP_MS

    def _late(self, at: int, time_ms: int, outcome: Outcome) -> bool:
        """Report a late click; whether it counts."""
        lateness_ms = self.latest_ms - time_ms
        counted = lateness_ms <= LATE_MAX_MS
        outcome.late.append(LateClick(at, lateness_ms, counted))
        return counted

    def _sleep(self) -> None:
        """Wait for the event time at which the next absence can be decided."""
        self._wake_ms = self._deadlines[0][0] + OUT_OF_ORDERNESS_MS if self._deadlines else NEVER_MS

    def _consider(self, session: Session, click: Click, outcome: Outcome) -> None:
        """Count a click that may be a trigger or touch one, and decide what follows."""
        if click.kind in MATCH_KINDS:
            outcome.matches += _matches(click)
        is_trigger = click.kind in self._program.triggers
        if session.active is None and is_trigger:
            session.active = ActiveSession(session.clicks, (), {})
        active = session.active
        if active is None:
            session.clicks[click.event_id] = click
            return
        touched = self._touched(active, click)
        before = [self._standing(active, trigger) for trigger in touched] if self._program.withdraws else None
        session.clicks[click.event_id] = click
        active.wait(click)
        for at, trigger in enumerate(touched):
            stands = self._standing(active, trigger)
            was, changed = (before[at], stands) if before is not None else ({}, due_to(click, trigger, stands))
            self._publish(session, trigger, was, changed)
        if is_trigger:
            active.trigger(click)
            self._expect(click)
            self._publish(session, click, {}, self._standing(active, click))

    def _touched(self, active: ActiveSession, click: Click) -> list[Click]:
        """The triggers whose windows the click lies in."""
        time_ms = click.event_time_ms
        if time_ms > active.last_trigger_ms + self._program.after_ms:
            return []
        reach = self._program.reach(click)
        if reach is None:
            return []
        before_ms, after_ms = reach
        start, end = active.triggers.between(time_ms - after_ms, time_ms + before_ms)
        return active.triggers.clicks[start:end]

    def _decided_to_ms(self) -> int:
        return max(self.latest_ms - OUT_OF_ORDERNESS_MS, self.watermark_ms)

    def _standing(self, active: ActiveSession, trigger: Click) -> Standing:
        return self._judge.standing(active, trigger, self._decided_to_ms())

    def _standings(self, sessions: Mapping[str, Session], from_ms: int) -> dict[tuple[str, str], Standing]:
        """What stands against each trigger from a time on, by session and event id."""
        found = {}
        for session_id, session in sessions.items():
            for trigger in session.triggers_from(from_ms):
                if session.active is not None:
                    found[session_id, trigger.event_id] = self._standing(session.active, trigger)
        return found

    def _expect(self, trigger: Click) -> None:
        """Remember when the trigger's absences are to be decided, those that are not yet."""
        for rule in self._program.rules_at(trigger) if self._program.after_ms else ():
            deadline_ms = trigger.event_time_ms + rule.after_ms
            if rule.unless is not None and deadline_ms > self._decided_to_ms():
                heappush(self._deadlines, (deadline_ms, trigger.session_id, trigger.event_id))
                self._sleep()

    def _decide_absences(self) -> None:
        while self._deadlines and self._deadlines[0][0] <= self._decided_to_ms():
            deadline_ms, session_id, event_id = heappop(self._deadlines)
            session = self._awake(session_id)
            if session is not None and session.active is not None:
                trigger, active = session.clicks[event_id], session.active
                was = self._judge.standing(active, trigger, deadline_ms - 1)
                self._publish(session, trigger, was, self._judge.standing(active, trigger, deadline_ms))
        self._sleep()

    def _publish(self, session: Session, trigger: Click, was: Standing, stands: Standing) -> None:
        if session.active is not None and (was or stands):
            for alert in changes(session.active, trigger, was, stands):
                self._alerts[alert.alert_id] = alert

    def _taken(self) -> list[Alert]:
        taken = list(self._alerts.values())
        self._alerts.clear()
        return taken


def _matches(click: Click) -> list[Match]:
    scopes = (("user", click.user), ("coupon", click.coupon))
    return [Match(scope, value, click) for scope, value in scopes if value]
