"""SIGKILL of the click job and of the broker while clicks come in: the alerts are those of the brute-force twin."""

import os
import signal
from pathlib import Path

import orjson
import pytest

from tests.e2e.click_system import ClickSystem, click, click_broker, kill_all
from tests.e2e.system import wait_for
from tests.faults.kills.oracle import arrivals, open_alerts
from tests.oracles.patterns import expected
from tests.oracles.sessions import START_MS, Case, case
from tests.wiregraph.kafka_topics import Tail
from udfs.clicks import Click
from udfs.rulebook import history_row
from udfs.topics import ALERTS, CLICKS, CONTROL
from wiregraph import processes, stack_control
from wiregraph.errors import Failure
from wiregraph.producing import Outgoing
from wiregraph.stack import BROKER, load_stack
from wiregraph.stack_control import Wish

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(1_800)]

CASE: Case = case(seed=23, sessions=600)
HOUR_MS = 3_600_000


def outgoing(one: Click) -> Outgoing:
    fields = {**one._asdict(), "event_time": one.event_time_ms, "user_id": one.user}
    if one.price_micro is not None:
        fields["price"] = one.price_micro / 1_000_000
    return Outgoing(CLICKS, one.session_id.encode(), orjson.dumps(fields), one.event_time_ms)


def bring_back(system: ClickSystem) -> None:
    """Start the broker again; a busy machine may need longer than `stack up` waits."""
    wish = Wish(system.directory, only_broker=True)
    for _ in range(4):
        try:
            stack_control.up(wish, print)
        except Failure:
            continue
        return
    stack_control.up(wish, print)


def test_kills_change_no_alert(tmp_path: Path) -> None:
    records = [outgoing(one) for one in CASE.clicks]
    third = len(records) // 3
    with click_broker(tmp_path / "stack") as system:
        clicks = Tail({"bootstrap_servers": system.bootstrap}, CLICKS)
        system.send([Outgoing(CONTROL, one.name.encode(), history_row(one), START_MS) for one in CASE.histories])
        system.start_job()
        system.send(records[:third])
        wait_for(lambda: system.rows(ALERTS) or None)
        system.await_checkpoint()
        system.send(records[third : third + 50])
        kill_all(processes.find(system.job))
        system.send(records[third + 50 : 2 * third])
        system.start_job()
        broker = load_stack(system.directory).processes[BROKER]
        os.kill(broker.pid, signal.SIGKILL)
        wait_for(lambda: None if processes.is_alive(broker) else True)
        bring_back(system)
        system.send(records[2 * third :])
        # Ahead by more than any window, in every partition: all absences are decided.
        system.send([click(f"end{one}", 0, START_MS + 2 * HOUR_MS, "view") for one in range(40)])
        truth = {alert for partition in arrivals(clicks) for alert in expected(partition, CASE.histories)}
        assert len(truth) > 50
        assert len({alert.rule for alert in truth}) > 1
        wait_for(lambda: open_alerts(system) == truth or None, timeout_s=300)
        system.await_checkpoint()  # Of the restored job.
