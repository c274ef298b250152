"""A soak at 70 % of what the machine does, with a fault now and then: `python -m tests.faults.kills.soak`.

First measures how many headlines a second the jobs read while clicks come in, then sends 0.7 of that. Prints how the
memory of each process grows, how long checkpoints take, how far the jobs are behind; exits 1 where they do not keep
up. OUT/soak.csv has the samples; the picture is drawn of it.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import percentile
from tests.e2e.system import wait_for
from tests.faults.kills.faults import Fault, Tally, strike
from tests.faults.kills.feed import articles_in, some_records
from tests.faults.kills.samples import Sampler, slopes, write_csv
from tests.faults.kills.site import Site, running_site
from udfs.topics import CLICKS, NEWS
from wiregraph.producing import Outgoing, Sender, open_sender

SHARE = 0.7
WARM_UP, MEASURED = 600, 1_200
"""Records of news and posts that are read before the rate is measured, and while it is."""
FAULTS = (Fault.WORKER, Fault.SERVER, Fault.APPLIER, Fault.TASK_MANAGER)
LAG_S_MAX = 30.0
"""So long after the last record all may take to be read; a fault shortly before the end included."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How long, how many seconds between two faults, and where the samples go."""

    minutes: float
    every_s: float
    seed: int
    out: Path


def best_rate(site: Site, sender: Sender, records: Sequence[Outgoing]) -> float:
    """News and posts that are read a second, with the clicks between them."""
    counted = site.system.counted()
    for record in records:
        _send(sender, record)
    sender.flush()
    wait_for(lambda: site.system.counted() >= counted + WARM_UP or None)
    start_s, before = time.monotonic(), site.system.counted()
    wait_for(lambda: site.system.counted() >= counted + articles_in(records) or None)
    return (site.system.counted() - before) / (time.monotonic() - start_s)


def _send(sender: Sender, record: Outgoing) -> None:
    while not sender.send(record):
        time.sleep(0.01)


class Pace:
    """Sends so many news and posts a second from a thread, and the clicks between them; `sent` counts."""

    def __init__(self, sender: Sender, records: Sequence[Outgoing], rate: float) -> None:
        self._sender = sender
        self._records = records
        self._rate = rate
        self._thread = threading.Thread(target=self._run)
        self.sent = 0

    @contextmanager
    def running(self) -> Iterator[Pace]:
        """Until all is sent."""
        self._thread.start()
        try:
            yield self
        finally:
            self._thread.join()
            self._sender.flush()

    def _run(self) -> None:
        start_s = time.monotonic()
        for record in self._records:
            time.sleep(max(0.0, start_s + self.sent / self._rate - time.monotonic()))
            _send(self._sender, record)
            self.sent += record.topic != CLICKS


def soak(site: Site, asked: Asked) -> list[str]:
    """Lines of a table; raises AssertionError where the jobs fall behind."""
    chance, tally = random.Random(asked.seed), Tally()
    first = some_records(asked.seed, WARM_UP + MEASURED)
    with open_sender({"bootstrap_servers": site.system.stack.bootstrap}, NEWS) as sender:
        best = best_rate(site, sender, first)
        rate, seconds = SHARE * best, 60 * asked.minutes
        records = some_records(asked.seed + 1, int(rate * seconds))
        pace = Pace(sender, records, rate)
        with pace.running(), Sampler(site, lambda: articles_in(first) + pace.sent).running() as sampler:
            faults = [FAULTS[number % len(FAULTS)] for number in range(int(seconds // asked.every_s))]
            for fault in faults:
                time.sleep(asked.every_s)
                sampler.faults_s.append(sampler.now_s())
                strike(site, fault, chance, tally)
    ended_s = time.monotonic()
    site.system.settled(articles_in([*first, *records]))
    behind_s = time.monotonic() - ended_s
    tally.check()
    write_csv(sampler, asked.out / "soak.csv")
    assert behind_s <= LAG_S_MAX, f"{behind_s:.1f} s behind at the end"
    return [*_report(sampler, best, rate, behind_s), *tally.lines()]


def _report(sampler: Sampler, best: float, rate: float, behind_s: float) -> list[str]:
    took_ms = [one.ended_ms - one.triggered_ms for one in sampler.checkpoints.values()]
    lags = [one.lag for one in sampler.samples]
    share_ms = [f"p{100 * share:.0f} {percentile(took_ms, share):.0f} ms" for share in (0.5, 0.99)]
    lines = [
        f"| best rate | {best:.1f} news and posts/s |",
        f"| rate of the soak | {rate:.1f} news and posts/s for {sampler.samples[-1].at_s / 60:.1f} minutes |",
        f"| checkpoints | {len(took_ms)}, {', '.join(share_ms)} |",
        f"| records behind | p50 {percentile(lags, 0.5):.0f}, p99 {percentile(lags, 0.99):.0f}, max {max(lags)} |",
        f"| all read after the last was sent | {behind_s:.1f} s |",
    ]
    return lines + [
        f"| memory of {role} | {last:.0f} MiB at the end, {slope:+.2f} MiB a minute |"
        for role, (last, slope) in slopes(sampler.samples).items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--every", type=float, default=150.0, help="seconds between two faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path())
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # All that was started is stopped then, too.
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="wiregraph-soak-") as folder,
        running_site(Path(folder), keeps_jobs=False) as site,
    ):
        lines = soak(site, Asked(arguments.minutes, arguments.every, arguments.seed, arguments.out))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
