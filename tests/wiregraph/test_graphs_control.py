from pathlib import Path

import pytest

from serving import alert_keys
from serving.keyspace import Entry
from serving.progress import Progress
from serving.served import served_graph
from serving.store import GraphWriter
from tests.serving.filling import fill_store
from tests.wiregraph.graph_stores import ARTICLES, filled_stack, run
from tests.wiregraph.test_flink_rest import JOB, flink
from wiregraph.errors import Failure, UsageError
from wiregraph.graphs_control import drop
from wiregraph.stack import JobRecord


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return filled_stack(tmp_path / "stack")


def test_only_a_graph_that_is_ready_can_be_served(directory: Path) -> None:
    for name in ("nobody", "../live", ""):
        with pytest.raises(UsageError):
            run(directory, "graph", "promote", name)
    with GraphWriter(directory / "store" / "half") as writer:
        writer.write((), (), Progress("topic", {0: 3}, build_to={0: 9}))
    with pytest.raises(Failure, match="still being built"):
        run(directory, "graph", "promote", "half")
    assert served_graph(directory / "store") == "live"


def test_a_graph_without_the_alerts_of_the_one_before_says_so(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    assert "no alerts" not in run(directory, "graph", "promote", "again")
    run(directory, "graph", "promote", "live")
    with GraphWriter(directory / "store" / "live") as writer:
        alert = Entry(alert_keys.alert_row_key("1"), b"")
        writer.write((alert,), (), writer.view().progress())
    assert "job click-fraud --graph again" in run(directory, "graph", "promote", "again")


def test_a_graph_whose_replay_is_not_over_is_not_served(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    plan = directory / "replays" / "again.json"
    plan.parent.mkdir()
    plan.touch()
    with pytest.raises(Failure, match="built by a replay"):
        run(directory, "graph", "promote", "again")
    assert "building" in run(directory, "graph", "list")
    plan.with_suffix(".complete").touch()
    assert "building" not in run(directory, "graph", "list")
    run(directory, "graph", "promote", "again")
    assert served_graph(directory / "store") == "again"


def test_the_served_graph_and_the_live_one_are_not_dropped(directory: Path) -> None:
    fill_store(directory / "store" / "again", ARTICLES[:3])
    with pytest.raises(Failure, match="is served"):
        run(directory, "graph", "drop", "live")
    run(directory, "graph", "promote", "again")
    with pytest.raises(Failure, match="is served"):
        run(directory, "graph", "drop", "again")
    with pytest.raises(Failure, match="it stays"):
        run(directory, "graph", "drop", "live")
    with pytest.raises(UsageError, match="no graph 'nobody'"):
        run(directory, "graph", "drop", "nobody")


def test_a_graph_that_a_job_writes_is_not_dropped(directory: Path) -> None:
    path = fill_store(directory / "store" / "again", ARTICLES[:3])
    jobs = directory / "jobs"
    jobs.mkdir()
    with flink({"/v1/jobs/overview": {"jobs": [JOB]}}) as address:
        for record in (
            JobRecord(name="click-fraud.again", pid=1 << 22, started=0.0),  # It has ended.
            JobRecord(name="news-graph.again", started=0.0, cluster=address, job_id="j1"),
        ):
            (jobs / f"{record.name}.json").write_text(record.model_dump_json())
        with pytest.raises(Failure, match=r"job stop news-graph\.again"):
            drop(directory, "again", print)
    assert path.is_dir()
