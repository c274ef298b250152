"""How far a replay's job is, as Flink tells it."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.replay_plan import ReplayPlan
from jobs.uids import READ_ARTICLE
from udfs.lateness import OUT_OF_ORDERNESS_MS
from wiregraph import flink_rest
from wiregraph.errors import Failure
from wiregraph.flink_rest import Stage
from wiregraph.jobs_control import FAILURES_MAX
from wiregraph.stack import JobRecord


@dataclass(frozen=True, slots=True)
class Step:
    """So many of `total` are done, and the job is at this event time in ms, if it says.

    What is counted are records of the inputs, of the changelog while it is applied, and stages of a job from facts.
    """

    doing: str
    done: int
    total: int
    event_time_ms: int | None = None


TIMES_END_MS = 253_402_300_800_000
"""The year 10000: no event time is that late, a watermark is when its input has ended."""
STARTING, READING, SUMMING, APPLYING = "starting", "reading", "summing", "applying"


class Stepper:
    """Asks a job's REST API; `before` records were read before the job was started."""

    def __init__(self, plan: ReplayPlan, before: int) -> None:
        self._plan = plan
        self._before = before
        self._progressed = False
        self._starting = Step(STARTING, before, plan.records)

    def step(self, record: JobRecord) -> Step:
        """How far the job is now; a job that does not answer yet is starting."""
        try:
            return self._asked(record)
        except Failure:
            return self._starting

    def check(self, record: JobRecord) -> None:
        """Raises Failure for a job that fails each time before it has read anything."""
        if not self._progressed and len(reasons := self._failures(record)) >= FAILURES_MAX:
            raise Failure(f"{record.name} fails again and again: {reasons[0]}")

    def _failures(self, record: JobRecord) -> list[str]:
        try:
            job_id = self._job_id(record)
            return flink_rest.failures(record.rest, job_id) if job_id else []
        except Failure:
            return []

    def _asked(self, record: JobRecord) -> Step:
        job_id = self._job_id(record)
        if not job_id:
            return self._starting
        stages = flink_rest.stages(record.rest, job_id)
        if self._plan.from_facts:
            return Step(SUMMING, sum(stage.state == flink_rest.FINISHED for stage in stages), len(stages))
        reading = next((stage for stage in stages if stage.name == READ_ARTICLE), None)
        return self._reading(record, job_id, reading) if reading else self._starting

    @staticmethod
    def _job_id(record: JobRecord) -> str:
        """An embedded cluster has one job alone."""
        found = [record.job_id] if record.job_id else [job.job_id for job in flink_rest.jobs(record.rest)]
        return found[0] if found else ""

    def _reading(self, record: JobRecord, job_id: str, stage: Stage) -> Step:
        watermark = flink_rest.watermark(record.rest, job_id, stage)
        at_ms = None if watermark is None else watermark + OUT_OF_ORDERNESS_MS
        known = at_ms is not None and 0 <= at_ms < TIMES_END_MS
        self._progressed = self._progressed or stage.records > 0
        done = min(self._before + stage.records, self._plan.records)
        return Step(READING, done, self._plan.records, at_ms if known else None)
