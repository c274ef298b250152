import os
import time
from pathlib import Path

import psutil

from wiregraph.processes import ProcessRecord
from wiregraph.stack import APPLIER, BROKER, NAMES, SERVER, JobRecord, Stack, save_stack
from wiregraph.stack_commands import stack_status


def test_each_process_is_alive_or_dead_at_its_port(tmp_path: Path) -> None:
    me = ProcessRecord(name=APPLIER, pid=os.getpid(), started=psutil.Process().create_time())
    gone = ProcessRecord(name=SERVER, pid=1 << 22, started=time.time(), port=7)
    save_stack(tmp_path, Stack(kafka_port=5, grpc_port=6, processes={APPLIER: me, SERVER: gone}))
    found = {one.name: one for one in stack_status(tmp_path).processes}
    assert list(found) == list(NAMES)
    assert [(one.alive, one.port) for one in found.values()] == [(False, 5), (True, 0), (False, 7)]
    assert found[APPLIER].rss_bytes > 1_000_000
    assert found[APPLIER].uptime_s > 0
    assert (found[BROKER].pid, found[SERVER].rss_bytes) == (0, 0)


def test_a_job_on_a_cluster_is_no_process_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    for record in (
        JobRecord(name="news-graph", started=0.0, cluster="127.0.0.1:1", job_id="j1"),
        JobRecord(name="click-fraud", pid=1 << 22, started=0.0),
    ):
        (tmp_path / "jobs" / f"{record.name}.json").write_text(record.model_dump_json())
    assert [one.name for one in stack_status(tmp_path).processes] == [*NAMES, "click-fraud"]
