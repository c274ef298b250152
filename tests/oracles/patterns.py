"""The brute-force twin of the pattern engine: sort everything, then read the definitions out loud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from udfs.clicks import Click
from udfs.rulebook import RuleHistory
from udfs.rules import BatchRule, Before, CoreRule, Count, CouponIs, Filter, PriceRange, Sum

KEEP_MS = 15 * 60_000
LATE_MS = 60_000
TOO_LATE_MS = 5 * 60_000
SCORED_MS = 10 * 60_000

Scores = Callable[[Sequence[Click]], bool]


@dataclass(frozen=True)
class Expected:
    """An alert that must stand in the end."""

    rule: str
    rule_version: int
    session_id: str
    evidence: tuple[str, ...]


def accepted(clicks: Sequence[Click]) -> list[Click]:
    """The clicks that count, in order of arrival."""
    kept: list[Click] = []
    times: dict[tuple[str, str], int] = {}
    latest = -1
    for click in clicks:
        identity = (click.session_id, click.event_id)
        if identity in times and times[identity] >= latest - KEEP_MS:
            continue
        if latest - click.event_time_ms > TOO_LATE_MS:
            continue
        times[identity] = click.event_time_ms
        latest = max(latest, click.event_time_ms)
        kept.append(click)
    return kept


def expected(clicks: Sequence[Click], histories: Sequence[RuleHistory], scores: Scores | None = None) -> set[Expected]:
    """The alerts that stand after these arrivals, all absences decided."""
    sessions: dict[str, list[Click]] = {}
    for click in sorted(accepted(clicks), key=lambda one: (one.event_time_ms, one.event_id)):
        sessions.setdefault(click.session_id, []).append(click)
    return {alert for events in sessions.values() for alert in _alerts(events, histories, scores)}


def _alerts(events: list[Click], histories: Sequence[RuleHistory], scores: Scores | None) -> list[Expected]:
    alerts = []
    for trigger in events:
        at_once = False
        for history in histories:
            effective = [one for one in history.versions if one.effective_from_ms <= trigger.event_time_ms]
            rule = effective[-1].rule if effective else None
            if not isinstance(rule, CoreRule) or not rule.enabled or not matches(rule.trigger, trigger):
                continue
            looked_at = raised(rule, events, trigger)
            if looked_at is not None:
                alerts.append(_expected(history.name, effective[-1].version, trigger, looked_at))
                at_once = at_once or rule.unless is None
        if scores and trigger.kind == "coupon_attempt" and not at_once:
            recent = _in(events, trigger.event_time_ms - SCORED_MS, trigger.event_time_ms)
            if scores([*[one for one in recent if one is not trigger], trigger]):
                alerts.append(_expected("cascade", 1, trigger, recent))
    return alerts


def _expected(rule: str, version: int, trigger: Click, looked_at: list[Click]) -> Expected:
    ids = {one.event_id: one for one in looked_at if one is not trigger}
    ordered = sorted(ids.values(), key=lambda one: (one.event_time_ms, one.event_id))
    evidence = (*(one.event_id for one in ordered), trigger.event_id)
    return Expected(rule, version, trigger.session_id, evidence)


def raised(rule: CoreRule, events: list[Click], trigger: Click) -> list[Click] | None:
    """The clicks that the rule rests on where the trigger raises an alert."""
    looked_at: list[Click] = []
    place, at = events.index(trigger), trigger.event_time_ms
    if rule.unless:
        behind = [one for one in events[place + 1 :] if one.event_time_ms <= at + rule.unless.within_ms]
        if any(matches(rule.unless.happens, one) for one in behind):
            return None
    for term in rule.when:
        found = _by_before(term, events, trigger) if isinstance(term, Before) else _by_window(term, events, at)
        if found is None:
            return None
        looked_at += found
    return looked_at


def _by_before(term: Before, events: list[Click], trigger: Click) -> list[Click] | None:
    before = _in(events[: events.index(trigger)], trigger.event_time_ms - term.within_ms, trigger.event_time_ms)
    found = [one for one in before if matches(term.of, one)]
    breaking = [one for one in before if term.without and matches(term.without, one)]
    if len(found) < term.times:
        return None
    first = before.index(found[-term.times])
    return None if any(before.index(one) > first for one in breaking) else [*found, *breaking]


def _by_window(term: Count | Sum, events: list[Click], at: int) -> list[Click] | None:
    found = [one for one in _in(events, at - term.within_ms, at) if matches(term.of, one)]
    if isinstance(term, Count):
        return found if _over(len(found), term.more_than, term.at_least) else None
    total = sum(one.price_micro or 0 for one in found)
    return found if _over(total, term.more_than_micro, term.at_least_micro) else None


def _over(value: int, more_than: int | None, at_least: int | None) -> bool:
    return value > more_than if more_than is not None else value >= (at_least or 0)


def _in(events: list[Click], from_ms: int, to_ms: int) -> list[Click]:
    return [one for one in events if from_ms <= one.event_time_ms <= to_ms]


def matches(wanted: Filter, click: Click) -> bool:
    """Whether a click is meant by a filter."""
    return (
        click.kind in wanted.kind
        and (wanted.item is None or click.item_id in wanted.item)
        and (wanted.price is None or _priced(wanted.price, click.price_micro))
        and (wanted.coupon is None or _with_coupon(wanted.coupon, click.coupon))
    )


def _priced(wanted: PriceRange, price: int | None) -> bool:
    if price is None or (wanted.min_micro is not None and price < wanted.min_micro):
        return False
    return wanted.max_micro is None or price <= wanted.max_micro


def _with_coupon(wanted: CouponIs, coupon: str) -> bool:
    return coupon in wanted.one_of if wanted.one_of is not None else (coupon != "") == wanted.present


def rates(clicks: Sequence[Click], history: RuleHistory) -> dict[tuple[int, str, int], tuple[str, ...]]:
    """The alerts of a batch rule: (version, user or coupon, start of the window) -> event ids in order."""
    found: dict[tuple[int, str, int], tuple[str, ...]] = {}
    for click in clicks:
        end = click.event_time_ms // 5_000 * 5_000 + 5_000
        effective = [one for one in history.versions if one.effective_from_ms < end]
        rule = effective[-1].rule if effective else None
        if not isinstance(rule, BatchRule) or not rule.enabled or not matches(rule.trigger, click):
            continue
        value = click.user if rule.across == "user" else click.coupon
        window = [
            one
            for one in clicks
            if end - rule.within_ms <= one.event_time_ms < end
            and (one.user if rule.across == "user" else one.coupon) == value != ""
            and matches(rule.trigger, one)
        ]
        counted = len({one.session_id for one in window}) if rule.counting == "sessions" else len(window)
        if value and _over(counted, rule.more_than, rule.at_least):
            ordered = sorted(window, key=lambda one: (one.event_time_ms, one.session_id, one.event_id))
            found[effective[-1].version, value, end - rule.within_ms] = tuple(one.event_id for one in ordered)
    return found
