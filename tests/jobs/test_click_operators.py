"""The operators of the click job on a state of their own: logs, rules, timers, what comes back after a restart."""

import gc
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pyflink.common import Row
from pyflink.datastream import OutputTag, TimeDomain
from pyflink.datastream.state import StateDescriptor

from jobs import uids
from jobs.across_operators import DecideAcross
from jobs.click_operators import CHUNK_CLICKS, ClickSettings, DecideClicks
from jobs.click_rows import PART
from tests.jobs.test_click_batches import T0, packed

MINUTE_MS = 60_000
CHECKOUT = {"why": "a checkout", "trigger": {"kind": "checkout"}}
LEFT = {
    "why": "a cart left",
    "trigger": {"kind": "add_to_cart"},
    "unless": {"happens": {"kind": "purchase"}, "within": "30s"},
}
SPRAY = {
    "tier": "batch",
    "why": "one coupon",
    "across": "coupon",
    "at_least": 2,
    "within": "1m",
    "trigger": {"kind": "coupon_attempt"},
}


class State(dict[Any, Any]):
    """Flink's map or value state of one key."""

    put = dict.__setitem__
    remove = dict.__delitem__

    def value(self) -> Any:  # noqa: ANN401 - state is untyped
        return self.get("value")

    def update(self, value: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - Flink's name for it
        self["value"] = value


class Context:
    """Flink's contexts of a key, all in one: what outlives a restart."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.states: dict[str, State] = {}
        self.timers: list[tuple[TimeDomain, int]] = []
        self.watermark = -1
        self.domain = TimeDomain.EVENT_TIME

    def state(self, descriptor: StateDescriptor) -> State:
        return self.states.setdefault(descriptor.get_name(), State())

    get_map_state = get_state = get_broadcast_state = state

    def get_current_key(self) -> str:
        return self.key

    def time_domain(self) -> TimeDomain:
        return self.domain

    def timer_service(self) -> "Context":
        return self

    def current_watermark(self) -> int:
        return self.watermark

    def register_event_time_timer(self, time_ms: int) -> None:
        self.timers.append((TimeDomain.EVENT_TIME, time_ms))

    def register_processing_time_timer(self, time_ms: int) -> None:
        self.timers.append((TimeDomain.PROCESSING_TIME, time_ms))


class Job:
    """One operator with its state; `restart` gives it a new life with the state of a checkpoint."""

    def __init__(self, make: Any, key: str) -> None:  # noqa: ANN401 - either operator
        self.make, self.context = make, Context(key)
        self._begin()

    def save(self) -> None:
        """What the JVM sends in front of a checkpoint."""
        context: Any = self.context
        if isinstance(self.operator, DecideClicks):
            assert list(self.operator.process_element(Row(3, b"", b"", b"", b""), context)) == []

    def restart(self) -> None:
        self.save()
        self._begin()

    def _begin(self) -> None:
        self.operator = self.make()
        context: Any = self.context
        self.operator.open(context)

    def rule(self, name: str, rule: dict[str, object], from_ms: int = 0) -> list[Any]:
        value = {"kind": "rule", "name": name, "versions": [{"version": 1, "effective_from": from_ms, "rule": rule}]}
        rule["name"] = name
        return list(self.operator.process_broadcast_element(Row(0, 7, json.dumps(value).encode()), self.context))

    def timer(self, domain: TimeDomain, watermark: int) -> list[Any]:
        self.context.domain, self.context.watermark = domain, watermark
        return list(self.operator.on_timer(0, self.context))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "pseudonym.key"
    file.write_text("0123456789abcdef")
    return file


@pytest.fixture
def job(key_file: Path) -> Iterator[Job]:
    yield Job(lambda: DecideClicks(ClickSettings(key_file, cascade=False)), "clicks/3/0")
    gc.unfreeze()
    gc.enable()


def send(job: Job, *clicks: tuple[str, str, int, str], first: int = 0, **more: object) -> list[Any]:
    """Clicks of (session, event id, time, kind) as a batch; gives the rows."""
    records = [
        (at, json.dumps({"session_id": s, "event_id": e, "event_time": t, "kind": k, **more}).encode())
        for at, (s, e, t, k) in enumerate(clicks, first)
    ]
    return list(job.operator.process_element(Row(3, *packed(*records)), job.context))


def of(rows: Iterable[Any], sink: str) -> list[dict[str, Any]]:
    return [orjson.loads(row[2]) for row in rows if isinstance(row, Row) and row[0] == sink]


def views(count: int) -> list[tuple[str, str, int, str]]:
    return [("s", f"v{at}", T0 + at, "view") for at in range(count)]


def test_an_alert_after_a_restart_sees_what_came_before(job: Job) -> None:
    assert of(send(job, *views(6), price=200), uids.ALERTS) == []
    job.restart()
    (alert,) = of(send(job, ("s", "c", T0 + 9, "coupon_attempt")), uids.ALERTS)
    assert alert["evidence"] == [*(f"v{at}" for at in range(6)), "c"]


def test_the_log_is_dropped_once_it_is_forgotten(job: Job) -> None:
    for minute in range(30):
        send(job, (f"s{minute}", "e", T0 + minute * MINUTE_MS, "view"))
        job.save()
    assert len(job.context.states[uids.CHUNKS_STATE]) == 16


def test_clicks_are_written_down_by_the_thousand_and_before_a_checkpoint(job: Job) -> None:
    for number in range(3):
        send(job, *[("s", f"{number}-{at}", T0 + at, "view") for at in range(CHUNK_CLICKS // 2)])
    state = job.context.states[uids.CHUNKS_STATE]
    assert len(state) == 1
    job.save()
    assert len(state) == 2
    job.save()
    assert len(state) == 2


def test_a_batch_leaves_no_cycles_behind(job: Job) -> None:
    """Else they would stay for ever: what a batch makes is never looked through again."""
    for number in range(3):
        gc.unfreeze()
        gc.collect()
        clicks = [(f"s{number}", event_id, time_ms, kind) for _s, event_id, time_ms, kind in views(6)]
        others = [("", "bad", T0, "view"), ("s", f"{number}", T0 + 70_000, "view"), ("s", f"l{number}", T0, "view")]
        rows = send(job, *clicks, (f"s{number}", "c", T0 + 9, "coupon_attempt"), *others, price=200)
        assert len(of(rows, uids.ALERTS)) == len(of(rows, uids.DEAD_LETTERS)) == 1
        del rows
    gc.unfreeze()
    assert gc.collect() == 0


def test_chunks_of_one_moment_are_all_kept(job: Job) -> None:
    for number in range(5):
        send(job, ("s", f"e{number}", T0, "view"))
        job.save()
    job.restart()
    assert send(job, *[("s", f"e{number}", T0, "view") for number in range(5)]) == []
    assert len(job.context.states[uids.CHUNKS_STATE]) == 5


def test_what_is_refused_and_what_is_late_say_where_they_lie(job: Job) -> None:
    rows = send(job, ("s", "a", T0 + 70_000, "view"), ("s", "b", T0, "view"), ("", "c", T0, "view"), first=40)
    (late,), (letter,) = of(rows, uids.LATE), of(rows, uids.DEAD_LETTERS)
    assert (late["offset"], late["lateness_ms"], late["partition"]) == (41, 70_000, 3)
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("clicks", 3, 42)
    assert [row[1] for row in rows] == ["clicks/3/42", "clicks/3/41"]


def test_a_rule_comes_while_the_job_runs_and_lives_through_a_restart(job: Job) -> None:
    assert of(send(job, ("s", "a", T0, "checkout")), uids.ALERTS) == []
    assert job.rule("quick", dict(CHECKOUT), T0 + 1) == []
    job.restart()
    (alert,) = of(send(job, ("s", "b", T0 + 1, "checkout")), uids.ALERTS)
    assert (alert["rule"], alert["evidence"]) == ("quick", ["b"])


def test_news_of_a_rule_that_came_too_late_decides_again(job: Job) -> None:
    send(job, ("s", "a", T0, "checkout"))
    (alert,) = of(job.rule("quick", dict(CHECKOUT), T0), uids.ALERTS)
    assert alert["evidence"] == ["a"]


def test_a_rule_that_was_put_while_the_job_was_down_decides_what_came_before(key_file: Path) -> None:
    version = {"version": 1, "effective_from": T0, "rule": {"name": "quick", **CHECKOUT}}
    rules: list[bytes] = []
    job = Job(lambda: DecideClicks(ClickSettings(key_file, tuple(rules), cascade=False)), "clicks/3/0")
    send(job, ("s", "a", T0, "checkout"))
    rules.append(json.dumps({"kind": "rule", "name": "quick", "versions": [version]}).encode())
    job.restart()
    alerts = of(send(job, ("s", "b", T0, "view")), uids.ALERTS)
    assert [alert["evidence"] for alert in alerts] == [["a"]]


def test_records_of_control_that_are_no_rules(job: Job) -> None:
    take = job.operator.process_broadcast_element
    assert list(take(Row(0, 1, b'{"kind":"route"}'), job.context)) == []
    assert list(take(Row(0, 2, None), job.context)) == []
    (letter,) = of(take(Row(0, 3, b'{"kind":"rule","name":"x","versions":[]}'), job.context), uids.DEAD_LETTERS)
    assert (letter["topic"], letter["offset"]) == ("control", 3)


def test_an_absence_is_decided_when_its_partition_is_quiet(job: Job) -> None:
    job.rule("left", dict(LEFT))
    send(job, ("s", "a", T0, "add_to_cart"))
    assert job.context.timers == [(TimeDomain.EVENT_TIME, T0 + 30_000)]
    assert job.timer(TimeDomain.EVENT_TIME, T0 + 30_000) == []
    send(job, ("s", "b", T0 + 1, "view"))
    assert job.timer(TimeDomain.PROCESSING_TIME, T0 + 30_000) == []
    (alert,) = of(job.timer(TimeDomain.PROCESSING_TIME, T0 + 30_000), uids.ALERTS)
    assert alert["evidence"] == ["a"]
    job.restart()
    assert of(send(job, ("s", "c", T0 + 2, "view")), uids.ALERTS) == []


@pytest.fixture
def matches(job: Job) -> list[Row]:
    rows = send(job, *[(f"s{at}", "c", T0 + at, "coupon_attempt") for at in range(3)], coupon="SPRAY")
    tagged = [row for row in rows if isinstance(row, tuple) and not isinstance(row, Row)]
    assert all(isinstance(tag, OutputTag) for tag, _row in tagged)
    return [row for _tag, row in tagged]


def test_a_window_across_sessions_is_decided_when_the_watermark_passes(matches: list[Row]) -> None:
    ((parts,),) = matches
    shard, length = PART.unpack_from(parts)
    assert len(parts) == PART.size + length
    across = Job(lambda: DecideAcross(()), f"{uids.MATCHES}/{shard}")
    across.rule("spray", dict(SPRAY))
    assert list(across.operator.process_element(parts, across.context)) == []
    across.restart()
    ((_domain, end_ms),) = across.context.timers
    (alert,) = of(across.timer(TimeDomain.EVENT_TIME, end_ms), uids.ALERTS)
    assert (alert["tier"], len(alert["evidence"])) == ("batch", 3)
    across.timer(TimeDomain.EVENT_TIME, end_ms + 60 * MINUTE_MS)
    assert across.context.states[uids.CHUNKS_STATE] == {}
