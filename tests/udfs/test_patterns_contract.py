"""The pattern engine by example: the contract's reference rule, lateness, withdrawals, memory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from udfs.alerts import AlertState, Score, Tier, alert_id
from udfs.clicks import Click
from udfs.patterns import KEEP_MS, LATE_MAX_MS, LateClick, Match, Outcome, Partition, pack
from udfs.patterns_terms import EVIDENCE_MAX
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion
from udfs.rules import RULE

START_MS = 1_700_000_000_000
MINUTE_MS = 60_000


def view(number: int, seconds: float, price: float = 200, session: str = "s") -> Click:
    return Click(session, f"v{number}", START_MS + int(seconds * 1_000), "view", price_micro=round(price * 1e6))


def attempt(seconds: float, event_id: str = "try", session: str = "s") -> Click:
    return Click(session, event_id, START_MS + int(seconds * 1_000), "coupon_attempt", "u:ann", coupon="SAVE10")


def book(**fields: object) -> Rulebook:
    rule = RULE.validate_python({"name": "test", "why": "Test", "trigger": {"kind": "coupon_attempt"}, **fields})
    return Rulebook().with_history(RuleHistory("test", (RuleVersion(1, 0, rule),)))


def reference(*clicks: Click) -> Outcome:
    return Partition(Rulebook.built_in()).add(clicks)


def test_the_reference_rule() -> None:
    views = [view(number, number) for number in range(6)]
    (alert,) = reference(*views, attempt(60)).alerts
    assert alert.evidence == ("v0", "v1", "v2", "v3", "v4", "v5", "try")
    assert (alert.version, alert.state, alert.tier, alert.score_micro) == (7, AlertState.OPEN, Tier.CORE, 1_000_000)
    assert alert.alert_id == alert_id("coupon-abuse", 1, "s", "try")
    assert (alert.event_time_ms, alert.window_ms, alert.user) == (START_MS + 60_000, 120_000, "u:ann")
    assert alert.features == {"count": 6}
    assert "more than 5 views" in alert.why.lower()
    assert alert.events == (*views, attempt(60))


@pytest.mark.parametrize(
    ("views", "alerts"),
    [
        ([view(number, number) for number in range(5)], 0),
        ([view(number, number, 199.99) for number in range(9)], 0),
        ([view(number, number, session="other") for number in range(9)], 0),
        ([view(number, 120 + number) for number in range(1, 7)], 0),
        ([view(number, 0) for number in range(6)], 1),
        ([view(0, -0.001), *[view(number, 0) for number in range(1, 6)]], 0),
        ([view(number, 120) for number in range(6)], 1),
    ],
)
def test_bounds_of_the_reference_rule(views: list[Click], alerts: int) -> None:
    """The attempt is at 120 s, its window [0 s, 120 s], both ends included."""
    assert len(reference(*views, attempt(120)).alerts) == alerts


def test_ties_are_by_id_and_the_trigger_stands_last() -> None:
    clicks = [view(number, 10) for number in (4, 2, 9, 1, 3, 7)]
    (alert,) = reference(*clicks, attempt(10, "a-try")).alerts
    assert alert.evidence == ("v1", "v2", "v3", "v4", "v7", "v9", "a-try")


def test_a_late_view_is_the_same_alert_with_more_evidence() -> None:
    partition = Partition(Rulebook.built_in())
    early = [view(number, number) for number in range(5)]
    assert partition.add([*early, attempt(60)]).alerts == []
    (first,) = partition.add([view(5, 30)]).alerts
    (second,) = partition.add([view(6, -1), view(7, 10), view(7, 10)]).alerts
    assert (first.alert_id, first.version, second.version) == (second.alert_id, 7, 9)
    assert second.evidence == ("v6", "v0", "v1", "v2", "v3", "v4", "v7", "v5", "try")


def test_duplicates_and_late_clicks() -> None:
    partition = Partition(Rulebook.built_in())
    outcome = partition.add(
        [view(0, 0), view(0, 99), view(1, 400), view(2, 339), view(3, 100), view(4, 99.999), view(0, 0)]
    )
    assert outcome.duplicates == 2
    assert outcome.late == [
        LateClick(3, 61_000, counted=True),
        LateClick(4, 300_000, counted=True),
        LateClick(5, 300_001, counted=False),
    ]
    assert [click.event_id for click in outcome.accepted] == ["v0", "v1", "v2", "v3"]
    assert partition.latest_ms == START_MS + 400_000
    assert LATE_MAX_MS == 300_000


def test_a_repeat_is_known_as_long_as_the_first_is() -> None:
    partition, bound_s = Partition(Rulebook()), KEEP_MS / 1_000
    partition.add([view(0, 0), view(1, bound_s)])
    assert partition.add([view(0, bound_s)]).duplicates == 1
    partition.add([view(2, bound_s + 0.001)])
    assert partition.add([view(0, bound_s)]).duplicates == 0


def test_an_absence_is_decided_when_its_end_has_passed_and_withdrawn_when_broken() -> None:
    partition = Partition(book(unless={"happens": {"kind": "checkout"}, "within": "1m"}))
    assert partition.add([attempt(0)]).alerts == []
    assert partition.deadline_ms == START_MS + MINUTE_MS
    assert partition.add([view(0, 119.999, session="other")]).alerts == []
    (alert,) = partition.add([view(1, 120, session="other")]).alerts
    assert (alert.state, alert.evidence) == (AlertState.OPEN, ("try",))
    assert partition.deadline_ms is None
    (gone,) = partition.add([Click("s", "paid", START_MS + MINUTE_MS, "checkout")]).alerts
    assert (gone.alert_id, gone.state, gone.version) == (alert.alert_id, AlertState.WITHDRAWN, 2)
    assert gone.evidence == ("try", "paid")


def test_an_absence_that_breaks_in_time_is_no_alert() -> None:
    partition = Partition(book(unless={"happens": {"kind": "checkout"}, "within": "1m"}))
    partition.add([attempt(0), Click("s", "paid", START_MS + MINUTE_MS, "checkout")])
    assert partition.advance(START_MS + 10 * MINUTE_MS) == []


def test_the_watermark_decides_where_no_click_comes() -> None:
    partition = Partition(book(unless={"happens": {"kind": "checkout"}, "within": "1m"}))
    chunk = pack(partition.add([attempt(0)]).accepted)
    assert partition.advance(START_MS + MINUTE_MS - 1) == []
    assert len(partition.advance(START_MS + MINUTE_MS)) == 1
    again = Partition.rebuild(partition.rulebook, [chunk], partition.watermark_ms)
    assert again.deadline_ms is None
    (gone,) = again.add([Click("s", "paid", START_MS + 1, "checkout")]).alerts
    assert gone.state is AlertState.WITHDRAWN


def test_a_click_between_withdraws() -> None:
    partition = Partition(
        book(when=[{"before": {"kind": "add_to_cart"}, "without": {"kind": "checkout"}, "within": "5m"}])
    )
    (alert,) = partition.add([Click("s", "add", START_MS, "add_to_cart"), attempt(60)]).alerts
    assert alert.evidence == ("add", "try")
    (gone,) = partition.add([Click("s", "paid", START_MS + 30_000, "checkout")]).alerts
    assert (gone.state, gone.evidence, gone.version) == (AlertState.WITHDRAWN, ("add", "paid", "try"), 3)
    (back,) = partition.add([Click("s", "more", START_MS + 31_000, "add_to_cart")]).alerts
    assert (back.state, back.version) == (AlertState.OPEN, 4)


def test_sums_are_exact() -> None:
    rule = book(when=[{"sum": {"kind": "add_to_cart"}, "more_than": 0.3, "within": "5m"}])
    adds = [Click("s", f"a{at}", START_MS + at, "add_to_cart", price_micro=100_000) for at in range(3)]
    assert Partition(rule).add([*adds, attempt(60)]).alerts == []
    (alert,) = Partition(rule).add([*adds, adds[0]._replace(event_id="b", price_micro=1), attempt(60)]).alerts
    assert alert.features == {"sum": 0.300001}


def test_the_cascade_is_asked_where_no_core_rule_alerts_and_withdrawn_where_one_does() -> None:
    asked = []

    def score(events: Sequence[Click]) -> Score:
        asked.append([event.event_id for event in events])
        return Score(900_000, 4, "light=1", "Unusual", {"views": 1})

    partition = Partition(Rulebook.built_in(), score)
    (alert,) = partition.add([*[view(number, number) for number in range(5)], attempt(60)]).alerts
    assert (alert.rule, alert.rule_version, alert.version, alert.score_micro) == ("cascade", 4, 6, 900_000)
    assert (alert.why, alert.model_versions, alert.evidence[-1]) == ("Unusual", "light=1", "try")
    gone, raised = partition.add([view(9, 5)]).alerts
    assert (gone.alert_id, gone.state, gone.version) == (alert.alert_id, AlertState.WITHDRAWN, 7)
    assert (raised.rule, raised.version) == ("coupon-abuse", 7)
    assert asked == [["v0", "v1", "v2", "v3", "v4", "try"]]


def test_what_rules_across_sessions_count() -> None:
    outcome = reference(view(0, 0), attempt(1), Click("s", "paid", START_MS + 2_000, "checkout"))
    assert outcome.matches == [Match("user", "u:ann", attempt(1)), Match("coupon", "SAVE10", attempt(1))]


def test_evidence_is_bounded_and_its_version_is_not() -> None:
    views = [view(number, number / 1_000) for number in range(EVIDENCE_MAX + 500)]
    (alert,) = reference(*views, attempt(60)).alerts
    assert alert.version == EVIDENCE_MAX + 501
    assert alert.evidence == (*[click.event_id for click in views[501:]], "try")


def test_memory_is_bounded_by_what_is_kept() -> None:
    partition = Partition(Rulebook.built_in())
    for minute in range(120):
        partition.add([view(minute, minute * 60, session=f"s{minute}"), attempt(minute * 60, f"t{minute}", "long")])
    sessions = partition._memory.sessions
    assert len(sessions) <= KEEP_MS // MINUTE_MS + 4
    assert len(sessions["long"].clicks) <= KEEP_MS // MINUTE_MS + 10
    assert len(partition._memory._checks) + len(partition._memory._ends) == len(sessions)
    assert sum(not session.frozen for session in sessions.values()) <= 6


def test_a_batch_forgets_no_more_than_its_share() -> None:
    partition = Partition(Rulebook.built_in())
    partition.add([view(number, 0, session=f"s{number}") for number in range(1_000)])
    for number in range(400):
        partition.add([view(number, 3_600, session="later")])
        assert 1_000 - 8 * (number + 1) <= len(partition._memory.sessions)
    assert list(partition._memory.sessions) == ["later"]
    again = Partition.rebuild(partition.rulebook, [pack([view(0, 0), view(1, 0, session="later")])])
    assert again.add([view(0, 0)]).duplicates == 1


def test_a_long_session_keeps_what_windows_need() -> None:
    partition = Partition(book(when=[{"count": {"kind": "view"}, "at_least": 3, "within": "10m"}]))
    partition.add([view(0, 0), view(1, 360), view(2, 361), view(3, 362)])
    (alert,) = partition.add([view(9, 960, session="other"), attempt(960)]).alerts
    assert alert.evidence == ("v1", "v2", "v3", "try")
    (late,) = partition.add([view(8, 1_200, session="other"), view(4, 900)]).alerts
    assert late.evidence == ("v1", "v2", "v3", "v4", "try")
