"""The terms of a core rule made ready for use: what they measure at a trigger, and which clicks they look at.

A term never looks at what a rule needs no answer from, so `considered` only grows as clicks come late: its size is
what an alert's version is made of.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, Protocol

from udfs.clicks import Click
from udfs.patterns_index import Index, Selector, Selectors
from udfs.rules import Absence, Before, Count, Filter, Sum
from udfs.rules import Term as WrittenTerm

EVIDENCE_MAX = 10_000
"""So many clicks of the evidence, the last ones, are named; its version counts all."""
_BY_TIME = itemgetter(2, 1)


class Indexes(Protocol):
    """A session's clicks by selector."""

    def index(self, selector: Selector) -> Index:
        """All that came so far and match."""


class Span(NamedTuple):
    """A run of an index."""

    of: Index
    start: int
    end: int


class Evidence(NamedTuple):
    """What an alert rests on. `version` counts all, `clicks` are the last of them, the trigger's place is its own."""

    version: int
    clicks: tuple[Click, ...]


class Term(Protocol):
    """A condition on what came before a trigger."""

    @property
    def feature(self) -> str:
        """What its measure is called."""

    def measure(self, session: Indexes, trigger: Click) -> int:
        """What is compared with `least`."""

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether the trigger meets the condition."""

    def considered(self, session: Indexes, trigger: Click) -> list[Span]:
        """The clicks that the answer depends on."""

    def considers(self, click: Click, trigger: Click) -> bool:
        """Whether a click is one of those."""


@dataclass(frozen=True, slots=True)
class _WindowTerm:
    """The matching clicks in [t - within, t] measure at least so much; what is measured, the kinds of it say."""

    of: Selector
    least: int
    within_ms: int

    def considered(self, session: Indexes, trigger: Click) -> list[Span]:
        """All of them, whether they add to the measure or not."""
        index = session.index(self.of)
        return [Span(index, *index.between(trigger.event_time_ms - self.within_ms, trigger.event_time_ms))]

    def considers(self, click: Click, trigger: Click) -> bool:
        """Whether a click lies in the window and matches."""
        return _inside(click, trigger, self.within_ms) and self.of.matches(click)


@dataclass(frozen=True, slots=True)
class CountTerm(_WindowTerm):
    """At least so many clicks."""

    feature: str = "count"

    def measure(self, session: Indexes, trigger: Click) -> int:
        """How many there are."""
        times = session.index(self.of).times
        at_ms = trigger.event_time_ms
        return bisect_right(times, at_ms) - bisect_left(times, at_ms - self.within_ms)

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether there are enough."""
        return self.measure(session, trigger) >= self.least


@dataclass(frozen=True, slots=True)
class SumTerm(_WindowTerm):
    """Prices add up to at least so much, in micro-units."""

    feature: str = "sum"

    def measure(self, session: Indexes, trigger: Click) -> int:
        """The sum in micro-units."""
        (span,) = self.considered(session, trigger)
        return span.of.total_micro(span.start, span.end)

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether it is enough."""
        return self.measure(session, trigger) >= self.least


@dataclass(frozen=True, slots=True)
class BeforeTerm:
    """`times` clicks in [t - within, t) before the trigger, none of `without` between the last `times` and it."""

    of: Selector
    times: int
    without: Selector | None
    within_ms: int
    feature: str = "before"

    def measure(self, session: Indexes, trigger: Click) -> int:
        """How many came before, whatever came between."""
        span = self._before(session.index(self.of), trigger)
        return span.end - span.start

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether enough came before, and nothing between."""
        span = self._before(session.index(self.of), trigger)
        if span.end - span.start < self.times:
            return False
        if self.without is None:
            return True
        first = span.of.clicks[span.end - self.times]
        breaking = session.index(self.without)
        return breaking.behind(first) >= breaking.position(trigger)

    def considered(self, session: Indexes, trigger: Click) -> list[Span]:
        """All of both filters before the trigger."""
        wanted = (self.of,) if self.without is None else (self.of, self.without)
        return [self._before(session.index(selector), trigger) for selector in wanted]

    def considers(self, click: Click, trigger: Click) -> bool:
        """Whether a click lies before the trigger, in the window, and matches either filter."""
        before = _BY_TIME(click) < _BY_TIME(trigger)
        matches = self.of.matches(click) or (self.without is not None and self.without.matches(click))
        return before and matches and _inside(click, trigger, self.within_ms)

    def _before(self, index: Index, trigger: Click) -> Span:
        start, _ = index.between(trigger.event_time_ms - self.within_ms, trigger.event_time_ms)
        return Span(index, start, index.position(trigger))


@dataclass(frozen=True, slots=True)
class AbsenceTerm:
    """Nothing of a filter in (t, t + within], behind the trigger."""

    of: Selector
    within_ms: int

    def breaking(self, session: Indexes, trigger: Click) -> Span:
        """What breaks it."""
        index = session.index(self.of)
        _, end = index.between(trigger.event_time_ms, trigger.event_time_ms + self.within_ms)
        return Span(index, index.behind(trigger), end)

    def holds(self, session: Indexes, trigger: Click) -> bool:
        """Whether nothing does so far."""
        span = self.breaking(session, trigger)
        return span.start >= span.end


def _inside(click: Click, trigger: Click, within_ms: int) -> bool:
    return 0 <= trigger.event_time_ms - click.event_time_ms <= within_ms


def ready(written: WrittenTerm, selectors: Selectors) -> Term:
    """A term as it was written, made ready."""
    of = selectors.of(written.of)
    if isinstance(written, Count):
        return CountTerm(of, written.least, written.within_ms)
    if isinstance(written, Sum):
        return SumTerm(of, written.least, written.within_ms)
    without = selectors.of(written.without) if written.without else None
    return BeforeTerm(of, written.times, without, written.within_ms)


def ready_absence(written: Absence | None, selectors: Selectors) -> AbsenceTerm | None:
    """An absence as it was written, made ready."""
    return AbsenceTerm(selectors.of(written.happens), written.within_ms) if written else None


def wanted(written: WrittenTerm) -> Iterable[tuple[Filter, int]]:
    """The filters of a term and how far back it looks for each."""
    yield written.of, written.within_ms
    if isinstance(written, Before) and written.without is not None:
        yield written.without, written.within_ms


def evidence(spans: Sequence[Span], trigger: Click, breaking: Span | None = None) -> Evidence:
    """The clicks of all spans once each in (event time, id) order, the trigger, and what broke an absence behind it."""
    clicks = _named(spans[0], trigger) if len(spans) == 1 else _union(spans, trigger)[-EVIDENCE_MAX:]
    behind = breaking.of.clicks[breaking.start : breaking.end] if breaking else ()
    return Evidence(evidence_count(spans, trigger, breaking), (*clicks, trigger, *behind))


def evidence_count(spans: Sequence[Span], trigger: Click, breaking: Span | None = None) -> int:
    """How many clicks the whole evidence has; for one span without a look at them."""
    before = _count(spans[0], trigger) if len(spans) == 1 else len(_union(spans, trigger))
    behind = max(0, breaking.end - breaking.start) if breaking else 0
    return before + 1 + behind


def _count(span: Span, trigger: Click) -> int:
    at = span.of.position(trigger)
    return span.end - span.start - (at < span.of.behind(trigger) and span.start <= at < span.end)


def _named(span: Span, trigger: Click) -> list[Click]:
    """One span needs no sorting, and no look at more clicks than are named."""
    clicks = span.of.clicks[max(span.start, span.end - EVIDENCE_MAX) : span.end]
    return [click for click in clicks if click.event_id != trigger.event_id]


def _union(spans: Sequence[Span], trigger: Click) -> list[Click]:
    once = {click.event_id: click for index, start, end in spans for click in index.clicks[start:end]}
    once.pop(trigger.event_id, None)
    return sorted(once.values(), key=_BY_TIME)
