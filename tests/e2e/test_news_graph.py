"""From `wiregraph ingest` to gRPC, through a real broker, a real job with real workers, real RocksDB."""

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from jobs import uids
from tests.e2e.fuzzing import fuzzed
from tests.e2e.system import JOB, System, running_system
from tests.wiregraph.kafka_topics import Tail
from udfs.decode import Reason, Refused, decode
from udfs.topics import DEAD_LETTERS, NEWS, POSTS
from wiregraph import flink_rest
from wiregraph.v1 import graph_pb2 as pb

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(600)]

DAY = Duration(seconds=86_400)
FUZZED = int(os.environ.get("WIREGRAPH_FUZZED", "2000"))


def item(number: int, headline: str, **fields: object) -> bytes:
    record = {"id": f"a{number}", "published_at": f"2008-09-15T12:{number:02}:00Z", "headline": headline, **fields}
    return json.dumps(record).encode()


HEADLINES = [
    "Lehman Brothers files for bankruptcy as rescue talks collapse",
    "Lehman shares plunge after bankruptcy filing",
    "Bank of America agrees to buy Merrill Lynch for $50 billion",
    "AIG shares tumble on fears of insolvency",
    "Weather: rain expected",
]
VALID = [item(number, headline) for number, headline in enumerate(HEADLINES)]
ODD = [item(10, "\u200fשלום Lehman Brothers"), item(11, "🚀 Lehman Brothers 🚀")]
DUPLICATES = [VALID[0], item(1, "the same id with other words")]
BAD = {
    b"\xff\xfe not text": Reason.NOT_UTF8,
    b"no json": Reason.NOT_JSON,
    b"[1, 2]": Reason.WRONG_SHAPE,
    b'{"id": "b1"}': Reason.MISSING_FIELD,
    item(20, "  "): Reason.EMPTY_FIELD,
    item(21, "x" * 5_000_000): Reason.TOO_LARGE,
    b"[" * 100_000: Reason.TOO_DEEP,
    rb'{"id": "b2", "headline": "\ud800"}': Reason.UNENCODABLE,
    b'{"id": "b3", "published_at": NaN}': Reason.NOT_JSON,
    item(22, "late", published_at="9999-01-01T00:00:00Z"): Reason.FUTURE_TIME,
    item(23, "early", published_at="1969-07-20T20:17:40Z"): Reason.BAD_TIME,
    item(24, "long id", id="x" * 10_000): Reason.BAD_FIELD,
    item(25, "nul \0 byte"): Reason.BAD_FIELD,
}
SENT = [*VALID, *ODD, *DUPLICATES, *BAD]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("e2e")
    file = directory / "wire.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in SENT))
    with running_system(directory / "stack") as system:
        system.wiregraph("ingest", str(file), "--topic", "news")
        yield system


def test_every_record_is_counted_once(system: System) -> None:
    progress = system.settled(len(SENT))
    assert progress.dead_letters == len(BAD)
    assert progress.duplicates == len(DUPLICATES)
    assert progress.articles + progress.empty == len(VALID) + len(ODD)
    assert progress.empty >= 1


def test_each_bad_record_is_a_dead_letter_with_its_reason(system: System) -> None:
    system.settled(len(SENT))
    letters = system.json("dead-letters", "list")
    assert sorted(letter["reason"] for letter in letters) == sorted(BAD.values())


def test_a_dead_letter_can_be_sent_again(system: System) -> None:
    before = system.settled(len(SENT))
    letter = system.json("dead-letters", "list", "--reason", Reason.NOT_JSON)[0]
    system.wiregraph("dead-letters", "retry", str(letter["dead_letter_offset"]))
    SENT.append(b"")
    assert system.settled(len(SENT)).dead_letters == before.dead_letters + 1


def test_short_and_long_names_are_one_company(system: System) -> None:
    system.settled(len(SENT))
    with system.graph() as graph:
        score = graph.GetEntity(pb.GetEntityRequest(entity_id="eq:LEH", window=DAY), timeout=10)
        assert score.articles >= 3
        assert score.sentiment < 0
        assert score.negative >= 1
        neighbors = graph.GetNeighbors(pb.GetNeighborsRequest(entity_id="eq:MER", window=DAY), timeout=10).neighbors
        assert [neighbor.entity_id for neighbor in neighbors] == ["eq:BAC"]


def test_a_fact_says_what_it_is_about_and_what_came_before(system: System) -> None:
    system.settled(len(SENT))
    with system.graph() as graph:
        request = pb.ListMentionsRequest(entity_id="eq:LEH", window=DAY)
        mentions = {one.article_id: one for one in graph.ListMentions(request, timeout=10).mentions}
    assert all(one.event_topic for one in mentions.values())
    for one in mentions.values():
        assert one.negative + one.neutral + one.positive == pytest.approx(1)
        assert one.positive - one.negative == pytest.approx(one.sentiment, abs=2e-6)
    # Two odd headlines with the same name and little else.
    assert (mentions["a11"].similar_to, mentions["a11"].similar_24h) == ("news/a10", 1)
    assert mentions["a11"].volume_12h == len(mentions) - 1


def test_models_run_once_an_article_whatever_the_sinks(system: System) -> None:
    (job,) = system.json("job", "list")
    with urllib.request.urlopen(f"http://{job['rest']}/jobs/{job['job_id']}/plan", timeout=10) as response:
        nodes = json.load(response)["plan"]["nodes"]
    readers = [node for node in nodes if uids.READ_ARTICLE in node["description"]]
    assert len(readers) == 1
    assert readers[0]["description"].count(uids.READ_ARTICLE) == 1
    assert not any("Join" in node["description"] for node in nodes)


def test_a_job_saved_and_stopped_goes_on_where_it_was(system: System, tmp_path: Path) -> None:
    before = system.settled(len(SENT))
    assert "_metadata" in {file.name for file in Path(_path(system.json("job", "savepoint", JOB))).iterdir()}
    stopped = system.json("job", "stop", JOB, "--savepoint", tmp_path.as_uri())
    assert _path(stopped).startswith(str(tmp_path))
    assert system.json("job", "list") == []
    system.wiregraph("job", JOB, "--detach", "--savepoint", _path(stopped))
    file = tmp_path / "more.jsonl"
    file.write_bytes(VALID[0] + b"\n" + item(30, "Lehman Brothers sells its asset management unit") + b"\n")
    system.wiregraph("ingest", str(file), "--topic", "news")
    SENT.extend([b"", b""])
    after = system.settled(len(SENT))
    assert (after.duplicates, after.articles) == (before.duplicates + 1, before.articles + 1)


def test_each_fuzzed_record_is_counted_and_each_bad_one_is_a_dead_letter_once(system: System) -> None:
    options = {"bootstrap_servers": system.stack.bootstrap}
    inputs, letters = [Tail(options, topic) for topic in (NEWS, POSTS)], Tail(options, DEAD_LETTERS)
    before = system.settled(len(SENT))
    system.send(list(fuzzed(seed=8, count=FUZZED)))
    SENT.extend([b""] * FUZZED)
    after = system.settled(len(SENT))
    wanted = {}
    for record in (record for tail in inputs for record in tail.records()):
        decoded = decode(record.topic, record.value, record.timestamp)
        if isinstance(decoded, Refused):
            wanted[f"{record.topic}/{record.partition}/{record.offset}"] = decoded.reason
    found = [(record.key.decode(), json.loads(record.value)["reason"]) for record in letters.records()]
    assert sorted(found) == sorted(wanted.items())
    assert after.dead_letters - before.dead_letters == len(wanted)
    assert FUZZED / 2 < len(wanted) < FUZZED
    (job,) = system.json("job", "list")
    assert flink_rest.restarted_ms(job["rest"], job["job_id"]) == 0


def _path(answer: dict[str, str]) -> str:
    return answer["savepoint"].removeprefix("file:")
