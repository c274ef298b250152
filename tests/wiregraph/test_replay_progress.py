"""How far a job is, from what Flink's REST API says of its stages."""

import pytest

from jobs.replay_plan import ReplayPlan, Span
from jobs.uids import READ_ARTICLE
from udfs.lateness import OUT_OF_ORDERNESS_MS
from wiregraph import flink_rest
from wiregraph.errors import Failure
from wiregraph.flink_rest import Stage
from wiregraph.replay_progress import READING, STARTING, SUMMING, Step, Stepper
from wiregraph.stack import JobRecord

INPUTS = (Span(topic="news", partition=0, start=100, end=200),)
PLAN = ReplayPlan(graph="g", topics=("news",), from_ms=0, to_ms=9, inputs=INPUTS)
FACTS = PLAN.model_copy(update={"from_facts": True, "rows": INPUTS})
RECORD = JobRecord(name="replay.g", started=0, cluster="h:1", job_id="j")


class Flink:
    """What a job's REST API says."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.stages: list[Stage] = []
        self.watermark: int | None = None
        self.reasons: list[str] = []
        patch.setattr(flink_rest, "stages", lambda *_: self.stages)
        patch.setattr(flink_rest, "watermark", lambda *_: self.watermark)
        patch.setattr(flink_rest, "failures", lambda *_: self.reasons)


@pytest.fixture
def flink(monkeypatch: pytest.MonkeyPatch) -> Flink:
    return Flink(monkeypatch)


def test_records_are_counted_from_where_it_went_on(flink: Flink) -> None:
    stepper = Stepper(PLAN, 30)
    assert stepper.step(RECORD) == Step(STARTING, 30, 100)
    flink.stages = [Stage("a", "Source", "RUNNING", 0), Stage("b", READ_ARTICLE, "RUNNING", 25)]
    flink.watermark = 7_000
    assert stepper.step(RECORD) == Step(READING, 55, 100, 7_000 + OUT_OF_ORDERNESS_MS)


@pytest.mark.parametrize("watermark", [None, -(1 << 63), (1 << 63) - 1])
def test_a_watermark_that_is_no_time_is_left_out(flink: Flink, watermark: int | None) -> None:
    flink.stages = [Stage("b", READ_ARTICLE, "RUNNING", 100)]
    flink.watermark = watermark
    assert Stepper(PLAN, 30).step(RECORD) == Step(READING, 100, 100)


def test_a_job_from_facts_is_counted_by_its_stages(flink: Flink) -> None:
    flink.stages = [Stage("a", "Source", "FINISHED", 0), Stage("b", "Sum", "RUNNING", 0)]
    assert Stepper(FACTS, 0).step(RECORD) == Step(SUMMING, 1, 2)


def test_a_job_that_never_gets_on_fails(flink: Flink) -> None:
    stepper = Stepper(PLAN, 0)
    stepper.check(RECORD)
    flink.reasons = ["no such file"] * 3
    with pytest.raises(Failure, match="no such file"):
        stepper.check(RECORD)


def test_a_job_that_has_read_may_be_started_again(flink: Flink) -> None:
    stepper = Stepper(PLAN, 0)
    flink.stages, flink.reasons = [Stage("b", READ_ARTICLE, "RUNNING", 1)], ["killed"] * 3
    stepper.step(RECORD)
    stepper.check(RECORD)
