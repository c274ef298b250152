"""The batch tier: rates of a user or a coupon across sessions, on windows that end each 5 seconds of event time.

A window [end - within, end) is decided when the watermark passes its end, and again for what comes later. It raises an
alert where its last 5 seconds hold a match and the whole of it holds enough: so an alert is of the window in which
something happened, and evidence only grows. The version of a rule that decides is the one effective at the last
millisecond of the window; its matches count whatever rules there were when they came.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from operator import itemgetter
from typing import NamedTuple, TypeAlias
from zlib import crc32

import orjson

from udfs.alerts import EVENTS_MAX, Alert, AlertState, Tier, alert_id
from udfs.chunks import pack, unpack
from udfs.clicks import Click
from udfs.patterns_index import Selectors
from udfs.patterns_program import changed_from_ms
from udfs.patterns_records import Match
from udfs.patterns_terms import EVIDENCE_MAX
from udfs.rule_values import WINDOW_MAX_MS
from udfs.rulebook import Rulebook, RuleVersion
from udfs.rules import PANE_MS, BatchRule

FORGET_MAX = 100
"""So many subjects are looked through at a time for matches to forget, so that nobody waits for all of them."""
KEEP_MS = 2 * WINDOW_MAX_MS
"""How far behind the watermark matches are kept: a window, and what may still come late for it."""

Subject: TypeAlias = tuple[str, str]
"""A scope, user or coupon, and which one."""
_BY_TIME = itemgetter(2, 0, 1)


class _Due(NamedTuple):
    end_ms: int
    subject: Subject


def shard_of(match: Match, shards: int) -> int:
    """Which of so many shards a match belongs to; the same everywhere and always."""
    return crc32(f"{match.scope}\x1f{match.value}".encode()) % shards


def pack_matches(matches: Sequence[Match]) -> bytes:
    """Matches as bytes, for the way to the tier and for its state; empty for none."""
    if not matches:
        return b""
    return orjson.dumps([[match.scope for match in matches], pack([match.click for match in matches]).decode()])


def unpack_matches(packed: bytes) -> list[Match]:
    """The matches as they were."""
    if not packed:
        return []
    scopes, clicks = orjson.loads(packed)
    return [
        Match(scope, click.user if scope == "user" else click.coupon, click)
        for scope, click in zip(scopes, unpack(clicks.encode()), strict=True)
    ]


class Rates:
    """The batch tier of one shard; not for more than one thread.

    The matches that it is given are its state: in a chunk each, as `pack_matches` writes them. A chunk can be dropped
    once the watermark is KEEP_MS beyond the latest event time in it.
    """

    def __init__(self, rulebook: Rulebook, watermark_ms: int = -1) -> None:
        self.rulebook = rulebook
        self._histories = tuple(rulebook.batch())
        self.watermark_ms = watermark_ms
        """Windows are decided up to here: belongs into the state, beside the chunks."""
        self._selectors = Selectors()
        self._clicks: dict[Subject, list[Click]] = {}
        self._due: list[_Due] = []
        self._waiting: set[_Due] = set()
        self._looked_through: deque[tuple[int, Subject]] = deque()
        """Each subject once, with the watermark at which it is looked through for matches to forget."""

    @classmethod
    def rebuild(cls, rulebook: Rulebook, chunks: Iterable[bytes], watermark_ms: int) -> Rates:
        """The tier that was given these matches and had come to this watermark."""
        made = cls(rulebook, watermark_ms)
        for chunk in chunks:
            for match in unpack_matches(chunk):
                made._keep(match)
        return made

    @property
    def deadline_ms(self) -> int | None:
        """When the next window can be decided: call `advance` once the watermark is there."""
        return self._due[0].end_ms if self._due else None

    def add(self, matches: Iterable[Match]) -> list[Alert]:
        """Take matches, each once; gives the upserts of windows that were decided before and hold more now."""
        touched = {due for match in matches for due in self._keep(match)}
        return [alert for due in sorted(touched) for alert in self._decide(due)]

    def advance(self, watermark_ms: int) -> list[Alert]:
        """Decide the windows that end at or before the watermark, and forget what no window needs."""
        self.watermark_ms = max(self.watermark_ms, watermark_ms)
        alerts = []
        while self._due and self._due[0].end_ms <= self.watermark_ms:
            due = heappop(self._due)
            self._waiting.discard(due)
            alerts += self._decide(due)
        self._forget(self.watermark_ms - KEEP_MS)
        return alerts

    def put(self, rulebook: Rulebook) -> list[Alert]:
        """Take other rules; windows that were decided already and that these decide about are decided again."""
        changed_ms = changed_from_ms(self.rulebook, rulebook)
        if changed_ms is None:
            return []
        dues = sorted(due for subject in self._clicks for due in self._decided(subject, changed_ms))
        before = {alert.alert_id: alert for due in dues for alert in self._decide(due)}
        self.rulebook = rulebook
        self._histories = tuple(rulebook.batch())
        after = {alert.alert_id: alert for due in dues for alert in self._decide(due)}
        gone = [alert for name, alert in before.items() if name not in after]
        withdrawn = [replace(alert, state=AlertState.WITHDRAWN, version=alert.version + 1) for alert in gone]
        return [*withdrawn, *(alert for name, alert in after.items() if name not in before)]

    def _forget(self, before_ms: int) -> None:
        for _ in range(FORGET_MAX):
            if not self._looked_through or self._looked_through[0][0] > self.watermark_ms:
                return
            _due_ms, subject = self._looked_through.popleft()
            clicks = self._clicks[subject]
            del clicks[: bisect_left(clicks, before_ms, key=itemgetter(2))]
            if clicks:
                self._looked_through.append((self.watermark_ms + KEEP_MS, subject))
            else:
                del self._clicks[subject]

    def _keep(self, match: Match) -> list[_Due]:
        """Remember a match and its window; gives the decided windows that it lies in."""
        subject, time_ms = (match.scope, match.value), match.click.event_time_ms
        clicks = self._clicks.get(subject)
        if clicks is None:
            clicks = self._clicks[subject] = []
            self._looked_through.append((max(self.watermark_ms, time_ms) + KEEP_MS + 1, subject))
        insort(clicks, match.click, key=_BY_TIME)
        own = _Due(time_ms // PANE_MS * PANE_MS + PANE_MS, subject)
        if own.end_ms > self.watermark_ms and own not in self._waiting:
            heappush(self._due, own)
            self._waiting.add(own)
        if own.end_ms > self.watermark_ms:
            return []  # No later window is decided either.
        reached_ms = time_ms + WINDOW_MAX_MS + PANE_MS
        return [due for due in self._decided(subject, own.end_ms - PANE_MS) if due.end_ms <= reached_ms]

    def _decided(self, subject: Subject, from_ms: int) -> set[_Due]:
        """The windows of a subject that are decided and whose last 5 seconds hold a match from a time on."""
        clicks = self._clicks[subject]
        start = bisect_left(clicks, from_ms // PANE_MS * PANE_MS, key=itemgetter(2))
        ends = {click.event_time_ms // PANE_MS * PANE_MS + PANE_MS for click in clicks[start:]}
        return {_Due(end_ms, subject) for end_ms in ends if end_ms <= self.watermark_ms}

    def _decide(self, due: _Due) -> list[Alert]:
        """The alerts of the window that ends there, as they stand."""
        versions = [history.at(due.end_ms - 1) for history in self._histories]
        made = [self._alert(version, due) for version in versions if version is not None]
        return [alert for alert in made if alert is not None]

    def _alert(self, version: RuleVersion, due: _Due) -> Alert | None:
        rule, (scope, value) = version.rule, due.subject
        if not isinstance(rule, BatchRule) or not rule.enabled or rule.across != scope:
            return None
        found = self._window(rule, due)
        if not found or found[-1].event_time_ms < due.end_ms - PANE_MS:
            return None
        sessions = len({click.session_id for click in found})
        if (sessions if rule.counting == "sessions" else len(found)) < rule.least:
            return None
        latest = found[-1]
        return Alert(
            alert_id=alert_id(rule.name, version.version, value, due.end_ms - rule.within_ms),
            session_id=latest.session_id,
            rule=rule.name,
            rule_version=version.version,
            state=AlertState.OPEN,
            tier=Tier.BATCH,
            event_time_ms=latest.event_time_ms,
            version=len(found),
            evidence=tuple(click.event_id for click in found[-EVIDENCE_MAX:]),
            score_micro=rule.score_micro,
            user=latest.user,
            why=f"{rule.why} ({len(found)} in {sessions} sessions)",
            window_ms=rule.within_ms,
            features={"events": len(found), "sessions": sessions},
            events=tuple(found[-EVENTS_MAX:]),
        )

    def _window(self, rule: BatchRule, due: _Due) -> list[Click]:
        clicks = self._clicks.get(due.subject, [])
        start = bisect_left(clicks, due.end_ms - rule.within_ms, key=itemgetter(2))
        end = bisect_left(clicks, due.end_ms, start, key=itemgetter(2))
        return list(filter(self._selectors.of(rule.trigger).matches, clicks[start:end]))
