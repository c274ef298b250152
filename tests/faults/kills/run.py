"""Kills of real processes while a stream comes in: `python -m tests.faults.kills.run --task-managers 2 --workers 3`.

A round starts a broker, an applier, a server and a session cluster of Flink's own scripts, and kills one process after
the other at random times: often in the middle of a bundle or of a checkpoint. At the end each record is accounted for,
a replay without faults of the same records gives the same graph, and the alerts are those of the brute-force twin.
Prints the seed, each fault as injected and observed, and the seconds from a kill to the jobs' next checkpoints.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.report import percentile
from tests.e2e.click_system import ClickSystem
from tests.e2e.system import wait_for
from tests.faults.kills.faults import OF_FLINK, Fault, Tally, strike
from tests.faults.kills.feed import Feed, articles_in, some_records
from tests.faults.kills.oracle import check_alerts, check_graph
from tests.faults.kills.site import Site, now_ms, running_site

RECORDS_A_FAULT = 480
"""At a burst of 24 every 2 seconds some come in until all has recovered."""
PAUSE_S_MAX = 12.0
"""A checkpoint comes every 10 s, so a kill may come at any moment of one, and between two."""
OPTIONS = {
    Fault.TASK_MANAGER: "task-managers",
    Fault.WORKER: "workers",
    Fault.BROKER: "brokers",
    Fault.JOB_MANAGER: "job-managers",
    Fault.APPLIER: "appliers",
    Fault.SERVER: "servers",
    Fault.BROKER_SILENT: "silences",
    Fault.DISK_FULL: "full-disks",
}


def a_round(folder: Path, faults: Counter[Fault], seed: int) -> Tally:
    """One system from its start to its end; raises AssertionError where anything differs."""
    chance, tally = random.Random(seed), Tally()
    order = list(faults.elements())
    chance.shuffle(order)
    records = some_records(seed, RECORDS_A_FAULT * (len(order) + 1))
    with running_site(folder, keeps_jobs=bool(faults[Fault.JOB_MANAGER])) as site:
        clicks = ClickSystem(site.system.directory)
        with Feed(site, records).running() as feed:
            site.await_saved(now_ms())
            for fault in order:
                _await_moment(site, feed, chance)
                at_ms = strike(site, fault, chance, tally)
                wait_for(lambda: site.at_work() or None)
                recovered = site.await_saved(at_ms)
                tally.recovery_s.setdefault(fault, []).append(recovered)
                _say(f"{fault}, a checkpoint {recovered:.1f} s later")
        site.system.settled(articles_in(records))
        check_alerts(clicks)
        check_graph(site)
    tally.check()
    return tally


def _await_moment(site: Site, feed: Feed, chance: random.Random) -> None:
    """Any, or one while articles are read, or one while a checkpoint is under way."""
    time.sleep(chance.uniform(0, PAUSE_S_MAX))
    match chance.randrange(3):
        case 0:
            feed.await_burst(timeout_s=PAUSE_S_MAX)
            time.sleep(chance.uniform(0, 0.5))
        case 1:
            deadline = time.monotonic() + PAUSE_S_MAX
            while not site.is_saving() and time.monotonic() < deadline:
                time.sleep(0.01)


def _say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def summary(tallies: list[Tally]) -> list[str]:
    """Lines for people: counts, and recoveries by fault."""
    whole = Tally()
    for tally in tallies:
        whole.injected.update(tally.injected)
        whole.observed.update(tally.observed)
        whole.while_saving += tally.while_saving
        for fault, seconds in tally.recovery_s.items():
            whole.recovery_s.setdefault(fault, []).extend(seconds)
    of_flink = [one for fault in OF_FLINK for one in whole.recovery_s.get(fault, ())]
    lines = [*whole.lines(), f"of these while a checkpoint was under way: {whole.while_saving}"]
    named = [
        *((str(fault), seconds) for fault, seconds in whole.recovery_s.items()),
        ("all kills of Flink's", of_flink),
    ]
    return lines + [
        f"{name}: to the next checkpoints p50 {percentile(seconds, 0.5):.1f} s, p95 {percentile(seconds, 0.95):.1f} s, "
        f"max {max(seconds):.1f} s"
        for name, seconds in named
        if seconds
    ]


def share(total: int, number: int, rounds: int) -> int:
    """How many of a total fall into a round."""
    return total * (number + 1) // rounds - total * number // rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in OPTIONS.values():
        parser.add_argument(f"--{option}", type=int, default=0, metavar="N")
    parser.add_argument("--rounds", type=int, default=1, help="share the faults out to so many systems")
    parser.add_argument("--first", type=int, default=0, help="begin with this round")
    parser.add_argument("--last", type=int, help="end with this one")
    parser.add_argument("--seed", type=int, default=1)
    arguments = vars(parser.parse_args())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # All that was started is stopped then, too.
    totals = {fault: arguments[option.replace("-", "_")] for fault, option in OPTIONS.items()}
    rounds, seed = arguments["rounds"], arguments["seed"]
    last = rounds - 1 if arguments["last"] is None else arguments["last"]
    tallies: list[Tally] = []
    try:
        for number in range(arguments["first"], last + 1):
            faults = Counter({one: count for one, total in totals.items() if (count := share(total, number, rounds))})
            _say(f"round {number} of {rounds}, seed {seed + number}: {json.dumps(faults)}")
            folder = Path(tempfile.mkdtemp(prefix="wiregraph-kills-"))
            _say(f"its logs lie in {folder} until it has passed")
            tallies.append(a_round(folder, faults, seed + number))
            shutil.rmtree(folder)
            _say("the graph and the alerts are those without faults, each record is accounted for")
    finally:
        sys.stdout.write("\n".join([f"rounds that passed: {len(tallies)}", *summary(tallies)]) + "\n")


if __name__ == "__main__":
    main()
