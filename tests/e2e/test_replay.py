"""Replays beside a live job: of the whole log, of a range with an interruption, and from facts; all say the same.

The live job sees the records as they were sent, a replay one partition after the other, so the order in which
partitions are read differs each time; the records are out of order, repeated, late and bad now and then.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.system import System, running_system, wait_for
from tests.oracles.graph import Article, Said, changelog
from udfs.changelog import Kind
from udfs.records import MICRO
from udfs.topics import CLICKS, GRAPH, NEWS
from wiregraph import flink_rest
from wiregraph.errors import Failure
from wiregraph.generator import Size, generate
from wiregraph.producing import Outgoing
from wiregraph.stack import read_jobs
from wiregraph.times import rfc3339

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

HOUR_MS = 3_600_000
SIZE = Size(items=400, sessions=0)
RECORDS = [
    Outgoing(record.topic, record.key, record.value, record.record_time_ms)
    for record in generate(seed=5, size=SIZE).records
    if record.topic != CLICKS
]
FROM_MS = (SIZE.start_ms // HOUR_MS + 2) * HOUR_MS
TO_MS = FROM_MS + 2 * HOUR_MS
RANGE = ("--from", rfc3339(FROM_MS), "--to", rfc3339(TO_MS))
TOPICS = ("--topic", "news", "--topic", "posts")
FATS_MS = TO_MS + 1_000 * HOUR_MS


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(tmp_path_factory.mktemp("replay") / "stack") as system:
        system.send(RECORDS)
        system.settled(len(RECORDS))
        yield system


def command(system: System, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "wiregraph", *arguments, "--dir", str(system.directory)]


def run(system: System, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(command(system, *arguments), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def dumped(system: System, graph: str) -> dict[str, str]:
    """A graph's rows by key, without what Kafka alone can tell of a part: the counts."""
    lines = (line.split("\t", 1) for line in run(system, "dump", "--graph", graph).splitlines())
    return {key: rest for key, rest in lines if not key.startswith(Kind.COUNT)}


def within(rows: dict[str, str], from_ms: int, to_ms: int) -> dict[str, str]:
    """The facts of a range, their entities, and the sums of its minutes and hours."""
    kept = {key: rest for key, rest in rows.items() if from_ms <= _time_ms(key, rest) < to_ms}
    named = {f"{Kind.NODE}/{key.split('/')[1]}" for key in kept if key.startswith(Kind.FACT)}
    return {**kept, **{key: rest for key, rest in rows.items() if key in named}}


def _time_ms(key: str, rest: str) -> int:
    kind = key.split("/", 1)[0]
    if kind == Kind.NODE or "/1d/" in key:
        return -1
    return int(json.loads(rest.split("\t")[1])["event_time" if kind == Kind.FACT else "start"])


def without_days(rows: dict[str, str]) -> dict[str, str]:
    return {key: rest for key, rest in rows.items() if "/1d/" not in key}


def test_a_replay_of_the_whole_log_is_the_live_graph(system: System) -> None:
    letters, late = system.json("dead-letters", "list"), system.json("status")["counts"]
    done = json.loads(run(system, "replay", *TOPICS, "--graph", "whole", "--json"))
    assert done["records"] == len(RECORDS)
    assert "0 keys differ" in run(system, "diff", "live", "whole")
    assert system.json("dead-letters", "list") == letters
    assert system.json("status", "--graph", "whole")["counts"] == late
    assert "is there already" in subprocess.run(
        command(system, "replay", *TOPICS, "--graph", "whole"), capture_output=True, text=True, check=False
    ).stderr  # fmt: skip


def test_an_interrupted_replay_of_a_range_goes_on_with_two_workers(system: System) -> None:
    asked = ("replay", *TOPICS, *RANGE, "--graph", "part")
    first = subprocess.Popen(command(system, *asked), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: reads(system, "replay.part") or first.poll() is not None or None, 600)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=600)
    if first.returncode:  # A quick machine may have read all before it is seen to read.
        assert "the same command" in said
        assert not (system.directory / "replays" / "part.done").exists()
        run(system, *asked, "--parallelism", "2")
    found = without_days(dumped(system, "part"))
    assert found == within(dumped(system, "live"), FROM_MS, TO_MS)
    assert {key.split("/")[0] for key in found} == {Kind.FACT, Kind.BUCKET, Kind.EDGE, Kind.NODE}
    assert run(system, "diff", "live", "part", code=1).count("\n- fact/") > 0


def reads(system: System, job: str) -> bool:
    """Whether a job reads records."""
    for _, record in read_jobs(system.directory):
        if record.name == job:
            try:
                (found,) = flink_rest.jobs(record.rest)
                return any(stage.records for stage in flink_rest.stages(record.rest, found.job_id))
            except (Failure, ValueError):
                return False
    return False


def test_a_replay_from_facts_gives_the_same_sums(system: System) -> None:
    written = [row.record() for row in changelog([fat(number) for number in range(3)]) if "count/" not in row.key]
    rows = [Outgoing(GRAPH, record.key, record.value, FATS_MS) for record in written]
    system.send([*rows, *rows])  # At least once: repeats change nothing.
    wait_for(lambda: f"fact/org:fat24/{NEWS}/fat2" in dumped(system, "live") or None)
    run(system, "replay", *TOPICS, "--graph", "sums", "--from-facts")
    assert "0 keys differ" in run(system, "diff", "live", "sums")
    assert sum(key.startswith(f"{Kind.EDGE}/org:fat") for key in dumped(system, "sums")) >= 3 * 190


def fat(number: int) -> Article:
    """More entities than edges join, with equal relevances and the ends of all scales."""
    said = (
        Said(f"org:fat{at:02}", relevance=(0, 1, 333_333, MICRO)[(at + number) % 4], sentiment=(at - 12) * MICRO // 12)
        for at in range(25)
    )
    return Article(f"fat{number}", FATS_MS + number * 1_000, FATS_MS, tuple(said))
