from collections.abc import Sequence

from udfs.alerts import CASCADE, AlertState, Score
from udfs.clicks import Click
from udfs.patterns_index import Selectors
from udfs.patterns_program import Program, ReadyRule
from udfs.patterns_session import ActiveSession
from udfs.patterns_verdicts import SCORED_MAX, Judge, ScoreAttempt, Verdict, changes, due_to
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion
from udfs.rules import RULE

MINUTE_MS = 60_000
TRY = Click("s", "try", 10 * MINUTE_MS, "coupon_attempt", "u:1")
SCORE = Score(700_000, 4, "light=4", "Odd", {"views": 1.0})


def judge(*, score: ScoreAttempt | None = None, **fields: object) -> Judge:
    book = Rulebook()
    if fields:
        rule = RULE.validate_python({"name": "r", "why": "W", "trigger": {"kind": "coupon_attempt"}, **fields})
        book = book.with_history(RuleHistory("r", (RuleVersion(1, 0, rule),)))
    return Judge(Program(book, Selectors(), scores=score is not None), score)


def session(*clicks: Click) -> ActiveSession:
    return ActiveSession({click.event_id: click for click in (*clicks, TRY)}, [TRY], {})


def view(number: int, before_ms: int = 0) -> Click:
    return Click("s", f"v{number:05d}", TRY.event_time_ms - before_ms, "view")


def test_an_absence_stands_once_its_end_is_decided() -> None:
    found = judge(unless={"happens": {"kind": "purchase"}, "within": "1m"})
    end_ms = TRY.event_time_ms + MINUTE_MS
    assert found.standing(session(), TRY, end_ms - 1) == {}
    assert [*found.standing(session(), TRY, end_ms)] == [("r", 1)]
    assert found.standing(session(Click("s", "paid", end_ms, "purchase")), TRY, end_ms) == {}


def test_the_cascade_is_asked_where_no_rule_alerts_on_arrival() -> None:
    views = [view(1), view(2)]
    when = [{"count": {"kind": "view"}, "at_least": 2, "within": "1m"}]
    unless = {"happens": {"kind": "purchase"}, "within": "1m"}
    at_ms = TRY.event_time_ms + MINUTE_MS
    cases: list[tuple[dict[str, object], list[Click], list[str]]] = [
        ({"when": when}, views, ["r"]),
        ({"when": when}, views[:1], [CASCADE]),
        ({"when": when, "unless": unless}, views, ["r", CASCADE]),
    ]
    for fields, clicks, stands in cases:
        found = judge(score=lambda _events: SCORE, **fields).standing(session(*clicks), TRY, at_ms)
        assert [rule for rule, _ in found] == stands
    assert judge(score=lambda _events: None).standing(session(*views), TRY, at_ms) == {}


def test_the_cascade_is_asked_once_for_the_same_clicks() -> None:
    asked: list[Sequence[Click]] = []

    def score(events: Sequence[Click]) -> Score:
        asked.append(events)
        return SCORE

    found, active = judge(score=score), session(view(1), view(0, 10 * MINUTE_MS + 1))
    assert found.standing(active, TRY, 0) == found.standing(active, TRY, 0) == {(CASCADE, 4): Verdict(2, SCORE)}
    assert asked == [(view(1), TRY)]
    active.wait(view(2))
    assert found.standing(active, TRY, 0)[CASCADE, 4].version == 3
    assert len(asked) == 2


def test_the_cascade_sees_the_last_clicks_and_the_version_counts_all() -> None:
    asked: list[Sequence[Click]] = []
    active = session(*(view(number, SCORED_MAX + 50 - number) for number in range(SCORED_MAX + 50)))
    found = judge(score=lambda events: asked.append(events) or SCORE)  # type: ignore[func-returns-value] # None
    assert found.standing(active, TRY, 0)[CASCADE, 4].version == SCORED_MAX + 51
    (events,) = asked
    assert len(events) <= SCORED_MAX
    assert events[-2:] == (view(SCORED_MAX + 49, 1), TRY)


def test_changes_lead_from_what_stood_to_what_stands() -> None:
    active = session(view(1))
    (ready,) = Program(Rulebook.built_in(), Selectors(), scores=False).rules_at(TRY)
    before, after = {("r", 1): Verdict(2, ready)}, {("r", 1): Verdict(3, ready)}
    assert [(one.state, one.version) for one in changes(active, TRY, {}, before)] == [(AlertState.OPEN, 2)]
    assert list(changes(active, TRY, before, before)) == []
    assert [(one.state, one.version) for one in changes(active, TRY, before, after)] == [(AlertState.OPEN, 3)]
    (gone,) = changes(active, TRY, after, {})
    assert (gone.state, gone.version) == (AlertState.WITHDRAWN, 4)
    (scored,) = changes(active, TRY, {}, {(CASCADE, 4): Verdict(2, SCORE)})
    assert (scored.rule, scored.rule_version, scored.score_micro, scored.evidence) == (
        *(CASCADE, 4, 700_000),
        ("v00001", "try"),
    )


def test_only_rules_that_look_at_a_click_are_due_to_it() -> None:
    (ready,) = Program(Rulebook.built_in(), Selectors(), scores=False).rules_at(TRY)
    assert isinstance(ready, ReadyRule)
    stands = {("coupon-abuse", 1): Verdict(2, ready), (CASCADE, 4): Verdict(2, SCORE)}
    dear = view(1)._replace(price_micro=200_000_000)
    assert [*due_to(dear, TRY, stands)] == [("coupon-abuse", 1)]
    assert due_to(view(1), TRY, stands) == due_to(dear._replace(event_time_ms=0), TRY, stands) == {}
