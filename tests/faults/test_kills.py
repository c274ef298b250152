"""SIGKILL of one process after the other while a stream comes in: the dump equals an undisturbed one's."""

import os
import signal
from pathlib import Path
from random import Random

import pytest

from benchmarks.flink_cluster import cluster
from tests.e2e.click_system import T0, ClickSystem, attempt, views
from tests.e2e.system import System, running_stack, running_system, wait_for
from tests.faults.kills.faults import Fault, Tally, strike
from tests.faults.kills.site import Site
from udfs.topics import CLICK_FRAUD, CLICKS, NEWS_GRAPH
from wiregraph import jobs_control, processes, stack_control
from wiregraph.generator import Size, generate
from wiregraph.producing import Outgoing
from wiregraph.stack import APPLIER, SERVER
from wiregraph.stack_control import Wish

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

RECORDS = [
    Outgoing(record.topic, record.key, record.value, record.record_time_ms)
    for record in generate(seed=11, size=Size(items=400, sessions=0)).records
    if record.topic != CLICKS
]
THIRD = len(RECORDS) // 3


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    with running_system(tmp_path_factory.mktemp("calm") / "stack") as system:
        system.send(RECORDS)
        system.settled(len(RECORDS))
        return system.wiregraph("dump")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_stack_process(system: System, name: str) -> None:
    """Kill one of the stack's processes and bring it back as a user would."""
    before = system.stack.processes[name]
    kill(before.pid)
    wait_for(lambda: None if processes.is_alive(before) else True)
    stack_control.up(Wish(system.directory), print)
    assert system.stack.processes[name].pid != before.pid


def send_and_kill_worker(system: System, records: list[Outgoing], sent: int) -> int:
    """In the middle of these records, `sent` others are before them; gives its pid."""
    wait_for(lambda: system.counted() >= sent or None)
    system.send(records)
    # In its first seconds a worker connects, and Beam waits 3 minutes for one that died at that.
    wait_for(lambda: system.counted() > sent or None)
    (worker,) = system.python_workers()
    kill(worker.pid)
    return worker.pid


def test_kills_change_nothing(undisturbed: str, tmp_path: Path) -> None:
    with running_system(tmp_path / "stack") as system:
        workers = {send_and_kill_worker(system, RECORDS[:THIRD], 0)}
        workers.add(send_and_kill_worker(system, RECORDS[THIRD : 2 * THIRD], THIRD))
        kill_stack_process(system, APPLIER)
        workers.add(send_and_kill_worker(system, RECORDS[2 * THIRD :], 2 * THIRD))
        kill_stack_process(system, SERVER)
        system.settled(len(RECORDS))
        # What was killed last may have written all there is: the graph is whole before the job is back.
        wait_for(lambda: len(workers | {other.pid for other in system.python_workers()}) == 4 or None)
        assert system.wiregraph("dump") == undisturbed


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


def test_both_jobs_on_a_session_cluster_that_loses_its_task_managers(undisturbed: str, tmp_path: Path) -> None:
    with (
        cluster(tmp_path / "flink", [sorted(os.sched_getaffinity(0))] * 2) as flink,
        running_stack(tmp_path / "stack") as system,
    ):
        clicks = ClickSystem(system.directory)
        for job in (NEWS_GRAPH, CLICK_FRAUD):
            system.start_job(job, flink.address)
        listed = jobs_control.list_jobs(system.directory)
        assert [(job.name, job.state, job.pid) for job in listed] == [
            (CLICK_FRAUD, "RUNNING", 0),
            (NEWS_GRAPH, "RUNNING", 0),
        ]
        system.send(RECORDS[:THIRD])
        clicks.send(views("a", T0, 7))
        wait_for(lambda: system.counted() or None)
        system.send(RECORDS[THIRD : 2 * THIRD])
        site, tally = Site(system, flink), Tally()
        for number in range(2):
            strike(site, Fault.TASK_MANAGER, Random(number), tally)
            wait_for(lambda: site.at_work() or None)
        wait_for(lambda: system.counted() >= 2 * THIRD or None)
        for job in (NEWS_GRAPH, CLICK_FRAUD):
            assert (Path(jobs_control.stop(system.directory, job, None).removeprefix("file:")) / "_metadata").is_file()
            system.start_job(job, flink.address)
        system.send(RECORDS[2 * THIRD :])
        clicks.send([attempt("a", T0 + 10_000)])
        assert len(clicks.alert_of("a")["evidence"]) == 8
        system.settled(len(RECORDS))
        graph = [line for line in system.wiregraph("dump").splitlines() if not line.startswith("alert/")]
        assert graph == undisturbed.splitlines()
