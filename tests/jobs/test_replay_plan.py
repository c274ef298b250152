"""A replay's plan: what it reads, what makes it the same as another one, and its way to disk and back."""

from pathlib import Path

from jobs.replay_plan import ReplayPlan, Span, done_file, spans_of

NEWS = Span(topic="news", partition=0, start=5, end=9)
POSTS = Span(topic="posts", partition=1, start=0, end=3)
ROWS = Span(topic="graph", partition=0, start=0, end=100)
PLAN = ReplayPlan(graph="g", topics=("news", "posts"), from_ms=10, to_ms=20, inputs=(NEWS, POSTS))


def test_it_is_read_as_it_was_written() -> None:
    assert ReplayPlan.model_validate_json(PLAN.model_dump_json()) == PLAN


def test_articles_are_read_from_the_inputs_and_facts_from_the_changelog() -> None:
    facts = PLAN.model_copy(update={"from_facts": True, "rows": (ROWS,)})
    assert (PLAN.spans, PLAN.records) == ((NEWS, POSTS), 7)
    assert (facts.spans, facts.records) == ((ROWS,), 100)
    assert spans_of(PLAN.inputs, "posts") == (POSTS,)


def test_what_was_found_in_kafka_does_not_make_another_wish() -> None:
    assert PLAN.asked_for == PLAN.model_copy(update={"inputs": (), "changelog_id": "x"}).asked_for
    assert PLAN.asked_for != PLAN.model_copy(update={"to_ms": 21}).asked_for


def test_the_range_has_no_end() -> None:
    assert [PLAN.range.holds(time_ms) for time_ms in (9, 10, 19, 20)] == [False, True, True, False]


def test_the_job_says_beside_its_plan_that_it_is_done() -> None:
    assert done_file(Path("replays/g.json")) == Path("replays/g.done")
