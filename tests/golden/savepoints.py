"""Small savepoints of both jobs as releases made them: `python -m tests.golden.savepoints` makes this release's.

What was read before a savepoint is a function of a seed, so a test can put the same records into fresh topics, at the
same offsets, and have a job go on behind them.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.e2e.click_system import T0, ClickSystem, views
from tests.e2e.system import System, running_system, wait_for
from udfs.topics import CLICK_FRAUD, CLICKS, NEWS_GRAPH
from wiregraph import jobs_control, snapshots
from wiregraph.generator import Size, generate
from wiregraph.producing import Outgoing

FOLDER = Path(__file__).parent
JOBS = (NEWS_GRAPH, CLICK_FRAUD)
RECORDS = [
    Outgoing(record.topic, record.key, record.value, record.record_time_ms)
    for record in generate(seed=3, size=Size(items=120, sessions=0)).records
    if record.topic != CLICKS
]
BEFORE = RECORDS[:60]
AFTER = [*RECORDS[60:], *BEFORE[:20]]
"""What a job reads behind its savepoint; the last ones it has seen."""
CLICKS_BEFORE = [*views("a", T0, 7), *views("b", T0, 6)]


def send_before(system: System) -> None:
    """What the jobs had read."""
    system.send(BEFORE)
    ClickSystem(system.directory).send(CLICKS_BEFORE)


def make(folder: Path) -> Path:
    """Both savepoints of this release in one archive; gives its path."""
    target = folder / f"{version('wiregraph')}.tar.gz"
    with tempfile.TemporaryDirectory() as work, running_system(Path(work) / "stack") as system:
        clicks = ClickSystem(system.directory)
        clicks.start_job()
        send_before(system)
        system.settled(len(BEFORE))
        _await_checkpoint(system, CLICK_FRAUD)
        with tarfile.open(target, "w:gz") as archive:
            for job in JOBS:
                place = jobs_control.stop(system.directory, job, None)
                archive.add(place.removeprefix("file:"), job, filter=_nobody)
    return target


def _await_checkpoint(system: System, job: str) -> None:
    """Two begun one after the other: the second has all that was sent before the first was seen."""
    state = system.directory / "state" / job
    for _ in range(2):
        before = snapshots.newest_snapshot(state)
        wait_for(lambda before=before: snapshots.newest_snapshot(state) != before or None)  # type: ignore[misc]


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpacked(archive: Path, folder: Path) -> dict[str, Path]:
    """The savepoints of a release by job."""
    with tarfile.open(archive) as found:
        found.extractall(folder, filter="data")
    return {job: folder / job for job in JOBS}


if __name__ == "__main__":
    sys.stdout.write(f"{make(FOLDER)}\n")
