"""Flink's REST answers, from a server that speaks as Flink does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from wiregraph import flink_rest
from wiregraph.errors import Failure
from wiregraph.flink_rest import Checkpoint
from wiregraph.ports import choose

JOB = {"jid": "j1", "name": "news-graph", "state": "RUNNING", "start-time": 5, "tasks": {"total": 2, "running": 2}}


@contextmanager
def flink(answers: dict[str, Any], status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answers[self.path]).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_jobs() -> None:
    with flink({"/v1/jobs/overview": {"jobs": [JOB]}}) as address:
        (job,) = flink_rest.jobs(address)
    assert (job.job_id, job.state, job.at_work) == ("j1", "RUNNING", True)


def test_checkpoints_and_restarts() -> None:
    history = [
        {"id": 3, "status": "IN_PROGRESS", "trigger_timestamp": 30, "latest_ack_timestamp": 31},
        {"id": 2, "status": "FAILED", "trigger_timestamp": 20, "latest_ack_timestamp": 21},
        {"id": 1, "status": "COMPLETED", "trigger_timestamp": 10, "latest_ack_timestamp": 12},
    ]
    answers = {
        "/v1/jobs/j1/checkpoints": {"history": history},
        "/v1/jobs/j1": {"timestamps": {"RUNNING": 9, "RESTARTING": 7}},
        "/v1/jobs/j2": {"timestamps": {"RUNNING": 9, "RESTARTING": 0}},
    }
    with flink(answers) as address:
        assert flink_rest.checkpoints(address, "j1") == [Checkpoint(3, 30, 0), Checkpoint(1, 10, 12)]
        assert (flink_rest.restarted_ms(address, "j1"), flink_rest.restarted_ms(address, "j2")) == (7, 0)


def test_a_savepoint_is_waited_for() -> None:
    done = {"status": {"id": "COMPLETED"}, "operation": {"location": "file:/s"}}
    answers = {"/v1/jobs/j1/savepoints": {"request-id": "r"}, "/v1/jobs/j1/savepoints/r": done}
    with flink(answers) as address:
        assert flink_rest.savepoint(address, "j1", "/s", 5) == "file:/s"


def test_a_failed_savepoint_says_why() -> None:
    cause = {"failure-cause": {"stack-trace": "java.io.IOException: disk full\n at x"}}
    answers = {
        "/v1/jobs/j1/stop": {"request-id": "r"},
        "/v1/jobs/j1/savepoints/r": {"status": {"id": "COMPLETED"}, "operation": cause},
    }
    with flink(answers) as address, pytest.raises(Failure, match="disk full"):
        flink_rest.stop(address, "j1", "/target", 5)


def test_a_savepoint_that_takes_too_long() -> None:
    answers = {
        "/v1/jobs/j1/savepoints": {"request-id": "r"},
        "/v1/jobs/j1/savepoints/r": {"status": {"id": "IN_PROGRESS"}},
    }
    with flink(answers) as address, pytest.raises(Failure, match="not done"):
        flink_rest.savepoint(address, "j1", "/s", 0.3)


def test_what_has_ended_by_itself_needs_no_end() -> None:
    # No answer to PATCH: as Flink, it refuses.
    with flink({"/v1/jobs/overview": {"jobs": [{**JOB, "state": "FINISHED"}]}}) as address:
        flink_rest.cancel(address, "j1")
    with flink({"/v1/jobs/overview": {"jobs": [JOB]}}) as address, pytest.raises(Failure, match="refused"):
        flink_rest.cancel(address, "j1")


def test_a_refusal_and_silence_are_one_line_each() -> None:
    with flink({"/v1/jobs/overview": "not here"}, status=404) as address, pytest.raises(Failure, match="refused"):
        flink_rest.jobs(address)
    with pytest.raises(Failure, match="does not answer"):
        flink_rest.jobs(f"127.0.0.1:{choose(None, 0)}")
