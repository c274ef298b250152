import os
from pathlib import Path

import orjson
import psutil
import pytest
from typer.testing import CliRunner

from tests.wiregraph.test_flink_rest import JOB, flink
from wiregraph.cli import app
from wiregraph.errors import Failure, UsageError
from wiregraph.stack import JobRecord


def run(directory: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["job", *arguments, "--dir", str(directory)], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def register(directory: Path, record: JobRecord) -> None:
    (directory / "jobs").mkdir(exist_ok=True)
    (directory / "jobs" / f"{record.name}.json").write_text(record.model_dump_json())


def test_jobs_are_listed_with_their_states(tmp_path: Path) -> None:
    assert orjson.loads(run(tmp_path, "list", "--json")) == []
    register(tmp_path, JobRecord(name="click-fraud", pid=1 << 22, started=0.0))
    with flink({"/v1/jobs/overview": {"jobs": [JOB]}}) as address:
        register(tmp_path, JobRecord(name="news-graph", started=0.0, cluster=address, job_id="j1"))
        found = {job["name"]: job["state"] for job in orjson.loads(run(tmp_path, "list", "--json"))}
        table = run(tmp_path, "list")
    assert found == {"click-fraud": "DEAD", "news-graph": "RUNNING"}
    assert "news-graph" in table
    assert address in table


def test_a_job_that_does_not_run_gives_no_savepoint(tmp_path: Path) -> None:
    register(tmp_path, JobRecord(name="click-fraud", pid=1 << 22, started=psutil.Process(os.getpid()).create_time()))
    for name in ("click-fraud", "news-graph"):
        with pytest.raises((Failure, UsageError), match=name):
            run(tmp_path, "savepoint", name)


def test_a_job_without_a_stack_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="stack up"):
        run(tmp_path, "news-graph")
