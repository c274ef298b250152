"""The click job on a real broker: send clicks, read what the job writes."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
from kafka.consumer.fetcher import ConsumerRecord

from tests.e2e.system import wait_for
from tests.wiregraph.kafka_topics import Tail
from udfs.topics import ALERTS, CLICK_FRAUD, CLICKS, CONTROL, DEAD_LETTERS, LATE
from wiregraph import jobs_control, processes, snapshots, stack_control
from wiregraph.jobs_control import JobRequest
from wiregraph.producing import Outgoing, open_sender
from wiregraph.stack import JobRecord, load_stack
from wiregraph.stack_control import Wish

T0 = 1_700_000_000_000
"""Where the tests' event time begins."""


def click(session: str, number: int | str, time_ms: int, kind: str, **fields: object) -> Outgoing:
    """A record of `clicks`; the event's id is SESSION-NUMBER."""
    value = {"session_id": session, "event_id": f"{session}-{number}", "event_time": time_ms, "kind": kind, **fields}
    return Outgoing(CLICKS, session.encode(), json.dumps(value).encode(), time_ms)


def views(session: str, start_ms: int, count: int, price: float = 250.0) -> list[Outgoing]:
    """Views a second apart."""
    return [click(session, at, start_ms + 1_000 * at, "view", price=price) for at in range(count)]


def attempt(session: str, time_ms: int) -> Outgoing:
    return click(session, "c", time_ms, "coupon_attempt", coupon="SAVE10", user_id="ada")


def kill_all(process: psutil.Process | None) -> None:
    """The process that started the job and Flink's own."""
    assert process is not None
    members = [*process.children(recursive=True), process]
    for member in members:
        os.kill(member.pid, signal.SIGKILL)
    psutil.wait_procs(members, timeout=30)


@dataclass
class ClickSystem:
    """A stack in `directory` and its click job; `tails` are what came to the topics since it was made."""

    directory: Path

    def __post_init__(self) -> None:
        options = {"bootstrap_servers": self.bootstrap}
        self.tails = {topic: Tail(options, topic) for topic in (ALERTS, DEAD_LETTERS, LATE)}

    @property
    def bootstrap(self) -> str:
        return load_stack(self.directory).bootstrap

    @property
    def job(self) -> JobRecord:
        return JobRecord.model_validate_json((self.directory / "jobs" / f"{CLICK_FRAUD}.json").read_bytes())

    def start_job(self, savepoint: str | None = "") -> None:
        request = JobRequest(CLICK_FRAUD, self.bootstrap, savepoint=savepoint, cascade=False)
        jobs_control.start(self.directory, request)
        jobs_control.await_running(self.directory, self.job)

    def await_checkpoint(self) -> None:
        """The next one of the job."""
        state = self.directory / "state" / CLICK_FRAUD
        before = snapshots.newest_snapshot(state)
        wait_for(lambda: snapshots.newest_snapshot(state) != before or None)

    def send(self, records: list[Outgoing]) -> None:
        with open_sender({"bootstrap_servers": self.bootstrap}, CLICKS) as sender:
            for record in records:
                assert sender.send(record)
            sender.flush()

    def put_rule(self, name: str, *versions: tuple[int, dict[str, Any]]) -> None:
        """A rule's history on `control`: (effective from, rule) of each version."""
        numbered = [
            {"version": at, "effective_from": from_ms, "rule": {"name": name, **rule}}
            for at, (from_ms, rule) in enumerate(versions, 1)
        ]
        value = json.dumps({"kind": "rule", "name": name, "versions": numbered}).encode()
        self.send([Outgoing(CONTROL, name.encode(), value, int(time.time() * 1_000))])

    def python_workers(self) -> list[psutil.Process]:
        """Processes that Flink has started for Python, which a job in threads has none of."""
        process = processes.find(self.job)
        children = process.children(recursive=True) if process else []
        return [child for child in children if any("beam" in word or "pyflink-udf" in word for word in child.cmdline())]

    def rows(self, topic: str) -> list[dict[str, Any]]:
        """Everything on a topic since the start, in order of arrival."""
        return [orjson.loads(record.value) for record in self.records(topic)]

    def records(self, topic: str) -> list[ConsumerRecord]:
        return self.tails[topic].records()

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The highest version of each alert, by its key."""
        found: dict[str, dict[str, Any]] = {}
        for record in self.records(ALERTS):
            row = orjson.loads(record.value)
            key = record.key.decode()
            assert key == row["alert_id"]
            if key not in found or row["version"] >= found[key]["version"]:
                found[key] = row
        return found

    def alert_of(self, session: str, rule: str = "coupon-abuse", **wanted: object) -> dict[str, Any]:
        """The alert of a session, once it is as wanted."""

        def ask() -> dict[str, Any] | None:
            own = [one for one in self.alerts().values() if one["session_id"] == session and one["rule"] == rule]
            return next((one for one in own if wanted.items() <= one.items()), None)

        return wait_for(ask)

    def await_rows(self, topic: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The rows of a topic once they are enough."""

        def ask() -> list[dict[str, Any]] | None:
            rows = self.rows(topic)
            return rows if enough(rows) else None

        return wait_for(ask)


@contextmanager
def click_broker(directory: Path) -> Iterator[ClickSystem]:
    """A fresh broker; all that runs in `directory` is stopped at the end."""
    try:
        stack_control.up(Wish(directory, only_broker=True), print)
        yield ClickSystem(directory)
    finally:
        stack_control.down(directory, print)
