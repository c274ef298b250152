"""SIGKILL of one process after the other while a stream comes in: the dump equals an undisturbed one's."""

import random
from pathlib import Path

import pytest

from tests.e2e.click_system import T0, ClickSystem, attempt, views
from tests.e2e.system import running_stack, running_system, wait_for
from tests.faults.kills.faults import Fault, Tally, strike
from tests.faults.kills.oracle import graph_rows
from tests.faults.kills.site import JOBS, running_site
from udfs.topics import CLICK_FRAUD, CLICKS, NEWS_GRAPH
from wiregraph import jobs_control
from wiregraph.generator import Size, generate
from wiregraph.producing import Outgoing

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

RECORDS = [
    Outgoing(record.topic, record.key, record.value, record.record_time_ms)
    for record in generate(seed=11, size=Size(items=400, sessions=0)).records
    if record.topic != CLICKS
]
THIRD = len(RECORDS) // 3
SEED = 3
FAULTS = [*[Fault.WORKER] * 3, *[Fault.TASK_MANAGER] * 2, Fault.BROKER, Fault.APPLIER, Fault.SERVER]
SHARE = len(RECORDS) // (len(FAULTS) + 1)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    with running_system(tmp_path_factory.mktemp("calm") / "stack") as system:
        system.send(RECORDS)
        system.settled(len(RECORDS))
        return system.wiregraph("dump")


def test_a_job_that_is_rescaled_from_savepoints_writes_the_same_graph(undisturbed: str, tmp_path: Path) -> None:
    with running_stack(tmp_path / "stack") as system:
        for at, parallelism in enumerate([1, 2, 1]):
            system.start_job(parallelism=parallelism)
            assert len(system.python_workers()) <= parallelism
            system.send(RECORDS[at * THIRD : (at + 1) * THIRD] if at < 2 else RECORDS[2 * THIRD :])
            wait_for(lambda: system.counted() or None)
            if at < 2:
                jobs_control.stop(system.directory, NEWS_GRAPH, None)
        system.settled(len(RECORDS))
        assert system.wiregraph("dump") == undisturbed


def test_both_jobs_on_a_session_cluster_whose_processes_are_killed(undisturbed: str, tmp_path: Path) -> None:
    """Fewer of the faults of `make kills`: workers, TaskManagers, the broker, the applier and the server."""
    chance, tally = random.Random(SEED), Tally()
    with running_site(tmp_path, keeps_jobs=False) as site:
        system, clicks = site.system, ClickSystem(site.system.directory)
        listed = jobs_control.list_jobs(system.directory)
        assert [(job.name, job.state, job.pid) for job in listed] == [
            (CLICK_FRAUD, "RUNNING", 0),
            (NEWS_GRAPH, "RUNNING", 0),
        ]
        clicks.send(views("a", T0, 7))
        chance.shuffle(FAULTS)
        for number, fault in enumerate(FAULTS):
            # In its first seconds a worker connects, and Beam waits 3 minutes for one that died at that.
            wait_for(lambda sent=number * SHARE: system.counted() >= sent or None)  # type: ignore[misc]
            system.send(RECORDS[number * SHARE : (number + 1) * SHARE])
            strike(site, fault, chance, tally)
        wait_for(lambda: site.at_work() or None)
        for job in JOBS:
            assert (Path(jobs_control.stop(system.directory, job, None).removeprefix("file:")) / "_metadata").is_file()
        site.start_jobs()
        system.send(RECORDS[len(FAULTS) * SHARE :])
        clicks.send([attempt("a", T0 + 10_000)])
        assert len(clicks.alert_of("a")["evidence"]) == 8
        system.settled(len(RECORDS))
        tally.check()
        assert graph_rows(system.wiregraph("dump")) == graph_rows(undisturbed)
