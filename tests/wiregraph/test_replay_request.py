"""Which plan a replay goes by: a fresh one, the one of an interrupted replay, or none, and then why not."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.replay_plan import ReplayPlan, Span
from wiregraph import replay_offsets, replay_request
from wiregraph.errors import Failure, UsageError
from wiregraph.replay_offsets import Spans
from wiregraph.replay_request import SLOTS_MAX, ReplayRequest, check_name, locked, settled_plan
from wiregraph.topics_admin import TopicCount

WISH = ReplayPlan(graph="again", topics=("news",), from_ms=0, to_ms=9)
SPANS = Spans((Span(topic="news", partition=0, start=0, end=5),))


class Kafka:
    """What a replay asks Kafka, from memory."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.topic_id, self.rows, self.forgotten = "", 0, 0
        answers: dict[str, Callable[..., object]] = {
            "topic_id": lambda *_: self.topic_id,
            "article_spans": lambda *_: SPANS,
            "fact_spans": lambda *_: SPANS,
        }
        for name, answer in answers.items():
            patch.setattr(replay_offsets, name, answer)
        patch.setattr(replay_request, "create_missing", self._create)
        patch.setattr(replay_request, "forget_groups", self._forget)
        patch.setattr(replay_request, "record_counts", lambda *_: [TopicCount("graph.again", 4, self.rows)])

    def _create(self, *_: object) -> None:
        self.topic_id = self.topic_id or "id-1"

    def _forget(self, *_: object) -> None:
        self.forgotten += 1


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Kafka:
    return Kafka(monkeypatch)


@pytest.fixture
def request_(tmp_path: Path) -> ReplayRequest:
    request = ReplayRequest(tmp_path, WISH, {})
    request.file.parent.mkdir()
    return request


def test_a_fresh_plan_has_the_offsets_and_leaves_nothing_of_an_older_one(request_: ReplayRequest, kafka: Kafka) -> None:
    request_.state.mkdir(parents=True)
    request_.done.touch()
    request_.complete.touch()
    plan = settled_plan(request_)
    assert (plan.inputs, plan.changelog_id, kafka.forgotten) == (SPANS.inputs, "id-1", 1)
    assert not any(path.exists() for path in (request_.state, request_.done, request_.complete))


def test_the_same_wish_goes_on_with_the_same_plan(request_: ReplayRequest, kafka: Kafka) -> None:
    first = settled_plan(request_)
    kafka.rows = 7
    assert settled_plan(replace(request_, parallelism=2)) == first
    assert kafka.forgotten == 1


def test_another_wish_does_not(request_: ReplayRequest, kafka: Kafka) -> None:
    settled_plan(request_)
    kafka.rows = 7
    other = replace(request_, wish=WISH.model_copy(update={"to_ms": 10}))
    with pytest.raises(Failure, match="other options"):
        settled_plan(other)


def test_a_complete_graph_is_not_written_again(request_: ReplayRequest, kafka: Kafka) -> None:
    settled_plan(request_)
    request_.complete.touch()
    with pytest.raises(Failure, match="graph drop again"):
        settled_plan(request_)
    kafka.topic_id = ""  # Dropped.
    assert settled_plan(request_).changelog_id == "id-1"
    assert not request_.complete.exists()


def test_a_graph_of_somebody_else_is_not_written(request_: ReplayRequest, kafka: Kafka) -> None:
    kafka.topic_id, kafka.rows = "id-0", 7
    with pytest.raises(Failure, match="holds rows already"):
        settled_plan(request_)


@pytest.mark.usefixtures("kafka")
def test_counts_hold_where_the_range_holds_all(request_: ReplayRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = replace(request_, wish=WISH.model_copy(update={"from_facts": True}))
    assert not settled_plan(facts).counts  # There is no live store that could tell.
    facts.file.unlink()
    monkeypatch.setattr(replay_request, "_holds_all", lambda _: True)
    assert settled_plan(facts).counts


def test_one_command_at_a_time_writes_a_graph(request_: ReplayRequest) -> None:
    with locked(request_), pytest.raises(Failure, match="another `wiregraph replay`"), locked(request_):
        pass


@pytest.mark.parametrize("name", ["live", "", "../x"])
def test_no_other_name_is_a_graph(request_: ReplayRequest, name: str) -> None:
    with pytest.raises(UsageError, match="--graph"):
        check_name(replace(request_, wish=WISH.model_copy(update={"graph": name})))


def test_only_facts_are_summed_on_several_cores(request_: ReplayRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(3)))
    facts = replace(request_, wish=request_.wish.model_copy(update={"from_facts": True}))
    asked = [request_, facts, replace(facts, parallelism=7), replace(facts, cluster="h:1")]
    assert [one.slots for one in asked] == [1, 3, 7, 1]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    assert facts.slots == SLOTS_MAX
