"""The savepoints of releases whose state this one still reads: both jobs go on behind what they had read then.

Where a release must change the query of the news job, its savepoint goes from here, and a replay takes its place.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.click_system import T0, ClickSystem, attempt
from tests.e2e.system import System, running_stack
from tests.golden.savepoints import AFTER, BEFORE, FOLDER, JOBS, send_before, unpacked
from udfs.changelog import Grain, Kind
from udfs.decode import Refused, decode
from udfs.reader import load_reader
from wiregraph import jobs_control
from wiregraph.jobs_control import JobRequest

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

RELEASES = sorted(FOLDER.glob("*.tar.gz"))


@dataclass
class Truth:
    """The facts in each bucket after all records, and the buckets that what came last has changed; outcomes."""

    buckets: Counter[str] = field(default_factory=Counter)
    changed: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)


def truth() -> Truth:
    """By the models alone, without any job."""
    found, reader, seen = Truth(), load_reader(), set()
    for number, record in enumerate([*BEFORE, *AFTER]):
        article = decode(record.topic, record.value or b"", record.timestamp_ms)
        if isinstance(article, Refused):
            found.outcomes["dead_letters"] += 1
            continue
        if (record.topic, article.article_id) in seen:
            found.outcomes["duplicates"] += 1
            continue
        seen.add((record.topic, article.article_id))
        for fact in reader.read(article).facts:
            for grain in Grain:
                start = article.event_time_ms - article.event_time_ms % grain.length_ms
                key = f"{Kind.BUCKET}/{fact.entity.entity_id}/{grain}/{start}"
                found.buckets[key] += 1
                found.changed |= {key} if number >= len(BEFORE) else set()
    return found


@pytest.fixture(scope="module", params=RELEASES, ids=lambda path: path.name)
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder: Path = tmp_path_factory.mktemp("golden")
    savepoints = unpacked(request.param, folder)
    with running_stack(folder / "stack") as system:
        send_before(system)
        asked = [JobRequest(job, system.stack.bootstrap, savepoint=str(savepoints[job]), cascade=False) for job in JOBS]
        for record in [jobs_control.start(system.directory, one) for one in asked]:
            jobs_control.await_running(system.directory, record)
        yield system


def test_sums_go_on_from_where_they_were(system: System) -> None:
    wanted = truth()
    system.send(AFTER)
    counts = system.settled(len(BEFORE) + len(AFTER))
    assert (counts.dead_letters, counts.duplicates) == (wanted.outcomes["dead_letters"], wanted.outcomes["duplicates"])
    rows = (line.split("\t") for line in system.wiregraph("dump", "--kind", "buckets").splitlines())
    found = {key: int(version) for key, version, _ in rows}
    assert found == {key: wanted.buckets[key] for key in wanted.changed}
    assert any(wanted.buckets[key] > 1 for key in wanted.changed)


def test_an_alert_counts_what_came_before(system: System) -> None:
    clicks = ClickSystem(system.directory)
    clicks.send([attempt("a", T0 + 10_000), attempt("b", T0 + 10_000)])
    assert len(clicks.alert_of("a")["evidence"]) == 8
    assert len(clicks.alert_of("b")["evidence"]) == 7
    clicks.await_checkpoint()
