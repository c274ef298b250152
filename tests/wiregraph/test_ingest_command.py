import gzip
import io
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from tests.wiregraph.kafka_topics import Tail
from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph import ports
from wiregraph.cli import app
from wiregraph.errors import Failure, UsageError

NEEDS_BROKER = pytest.mark.jvm
BASE_MS = 1_220_241_600_000

WIRE = """timestamp_utc\tchannel\ttitle\turl
2008-09-01T04:00:00Z\tbondsNews\tA "stray quote\thttp://x/1
2008-09-01 04:01:00\tbondsNews\tSecond\thttp://x/2
2008-09-01T04:02:00Z\tbondsNews\tonly three
2008-09-01T04:03:00Z\tbondsNews\t\thttp://x/4
\tbondsNews\tWithout a time\thttp://x/5
"""
WIRE_MAP = ("--map", "id=url", "--map", "headline=title", "--map", "published_at=timestamp_utc")


def run(stack_dir: Path, *arguments: object) -> Any:  # noqa: ANN401 - whatever JSON the command prints
    result = CliRunner().invoke(app, ["ingest", *map(str, arguments), "--dir", str(stack_dir), "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.stderr
    return orjson.loads(result.stdout)


def write(directory: Path, name: str, text: str | bytes) -> Path:
    file = directory / name
    data = text if isinstance(text, bytes) else text.encode()
    file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return file


@NEEDS_BROKER
def test_a_wire_of_tab_separated_columns(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    tail = Tail({"bootstrap_servers": stack_broker}, NEWS)
    summary = run(stack_dir, write(tmp_path, "wire.tsv.gz", WIRE), "--topic", NEWS, *WIRE_MAP)
    assert (summary["rows"], summary["sent"], summary["acknowledged"], summary["skipped"]) == (5, 3, 3, 2)
    assert [skip["row"] for skip in summary["first_skipped"]] == [4, 5]
    records = {record.key: record for record in tail.records()}
    assert orjson.loads(records[b"http://x/1"].value)["headline"] == 'A "stray quote'
    assert [records[key].timestamp - BASE_MS for key in sorted(records)] == [0, 60_000, 60_000]
    assert "published_at" not in orjson.loads(records[b"http://x/5"].value)


@NEEDS_BROKER
def test_json_lines_arrive_byte_by_byte(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    tail = Tail({"bootstrap_servers": stack_broker}, POSTS)
    lines = [
        b'{"text": "no time", "id":"p0"}',
        b'{"id":"p1","created_at":"2008-09-01T04:00:00Z","text":"\xe2\x82\xac"}',
        b'{"id":"p2","created_at":1220241660000,"text":"x"}',
        b'{"id":"p3","created_at":-5,"text":"x"}',
        b'{"id":"p4","created_at":"9999-01-01T00:00:00Z","text":"x"}',
        b'{"broken',
        b"\xff\xfe",
    ]
    summary = run(stack_dir, write(tmp_path, "posts.jsonl", b"\n".join(lines)), "--topic", POSTS)
    assert (summary["rows"], summary["sent"], summary["skipped"]) == (7, 7, 0)
    records = {record.value: record for record in tail.records()}
    assert set(records) == set(lines)
    expected = [0, BASE_MS, BASE_MS + 60_000, *[BASE_MS + 60_000] * 4]
    assert [records[line].timestamp for line in lines] == expected
    assert [records[line].key for line in lines[:5]] == [b"p0", b"p1", b"p2", b"p3", b"p4"]


@NEEDS_BROKER
def test_clicks_from_gzipped_csv_on_standard_input(
    stack_dir: Path, stack_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = Tail({"bootstrap_servers": stack_broker}, CLICKS)
    text = (
        'session_id,event_id,event_time,kind,price\r\ns1,e1,1220241600000,view,"1,5"\r\ns1,e2,1220241601000,view,2\r\n'
    )
    stdin = io.TextIOWrapper(io.BytesIO(gzip.compress(text.encode())))
    # The runner would put its own standard input in place, so call what it calls.
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(SystemExit) as ended:
        app(["ingest", "-", "--topic", CLICKS, "--format", "csv", "--dir", str(stack_dir)])
    assert ended.value.code == 0
    first, second = tail.records()
    assert (first.key, first.partition) == (second.key, second.partition) == (b"s1", second.partition)
    assert [orjson.loads(record.value)["price"] for record in (first, second)] == ["1,5", 2.0]


@NEEDS_BROKER
def test_a_feed_becomes_news_and_posts(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    feed = """<rss version="2.0"><channel><title>Wire</title><item><title>T</title><guid>g1</guid>
    <pubDate>Mon, 01 Sep 2008 04:00:00 GMT</pubDate><description>Body</description></item></channel></rss>"""
    file = write(tmp_path, "feed.rss", feed)
    news, posts = (Tail({"bootstrap_servers": stack_broker}, topic) for topic in (NEWS, POSTS))
    run(stack_dir, file, "--topic", NEWS)
    run(stack_dir, file, "--topic", POSTS, "--map", "text=title")
    (item,), (post,) = news.records(), posts.records()
    assert (item.key, item.timestamp, post.timestamp) == (b"g1", BASE_MS, BASE_MS)
    assert orjson.loads(item.value)["body"] == "Body"
    assert orjson.loads(post.value) == {
        "id": "g1",
        "created_at": "2008-09-01T04:00:00Z",
        "text": "T",
        "channel": "Wire",
    }
    with pytest.raises(UsageError, match="does not fit"):
        run(stack_dir, file, "--topic", CLICKS)


@NEEDS_BROKER
def test_live_says_when_it_was_received(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    tail = Tail({"bootstrap_servers": stack_broker}, NEWS)
    line = '{"id":"live","published_at":"2008-09-01T04:00:00Z","headline":"x"}\n'
    before_ms = time.time_ns() // 1_000_000
    run(stack_dir, write(tmp_path, "a.jsonl", line), "--topic", NEWS, "--live")
    (record,) = tail.records()
    assert before_ms <= orjson.loads(record.value)["received_at"] <= time.time_ns() // 1_000_000
    assert record.timestamp == BASE_MS


@NEEDS_BROKER
def test_rate_and_speed_take_their_time(stack_dir: Path, tmp_path: Path) -> None:
    lines = [f'{{"id":"r{n}","published_at":{BASE_MS + n * 60_000},"headline":"x"}}\n' for n in range(6)]
    file = write(tmp_path, "a.jsonl", "".join(lines))
    assert run(stack_dir, file, "--topic", NEWS, "--rate", 10)["seconds"] == pytest.approx(0.5, abs=0.3)
    assert run(stack_dir, file, "--topic", NEWS, "--speed", 300)["seconds"] == pytest.approx(1.0, abs=0.3)


@NEEDS_BROKER
def test_what_is_too_large_is_skipped_and_5_mb_is_not(stack_dir: Path, tmp_path: Path) -> None:
    lines = [f'{{"id":"big{size}","text":"{"x" * size}"}}\n' for size in (5_000_000, 9_000_000, 10)]
    summary = run(stack_dir, write(tmp_path, "a.jsonl", "".join(lines)), "--topic", POSTS)
    assert (summary["rows"], summary["acknowledged"], summary["skipped"]) == (3, 2, 1)
    assert summary["first_skipped"][0]["row"] == 2


@NEEDS_BROKER
def test_a_truncated_gzip_fails_after_what_it_held(stack_dir: Path, stack_broker: str, tmp_path: Path) -> None:
    tail = Tail({"bootstrap_servers": stack_broker}, NEWS)
    lines = "".join(f'{{"id":"t{number}","headline":"{number * 7919}"}}\n' for number in range(5000))
    whole = gzip.compress(lines.encode())
    with pytest.raises(Failure, match="damaged after row"):
        run(stack_dir, write(tmp_path, "a.jsonl", whole[: len(whole) // 2]), "--topic", NEWS)
    assert 0 < len(tail.records()) < 5000


@NEEDS_BROKER
def test_an_empty_file_is_no_error(stack_dir: Path, tmp_path: Path) -> None:
    assert run(stack_dir, write(tmp_path, "a.csv", ""), "--topic", NEWS)["rows"] == 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.txt", (), "--format"),
        ("nowhere.tsv", ("--bootstrap", "127.0.0.1:1"), "cannot be read"),
        ("nowhere", (), "cannot be read"),
        ("a.tsv", ("--map", "x=y"), "no field x"),
        ("a.tsv", ("--rate", "0"), "--rate must be above 0"),
        ("a.tsv", ("--speed", "nan"), "--speed must be above 0"),
        ("a.tsv", ("--rate", "1", "--speed", "1"), "exclude"),
    ],
)
def test_wrong_usage(tmp_path: Path, name: str, options: tuple[str, ...], message: str) -> None:
    file = tmp_path / name
    if "nowhere" not in name:
        file.touch()
    with pytest.raises(UsageError, match=message):
        run(tmp_path, file, "--topic", NEWS, *options)


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="wiregraph stack up"):
        run(tmp_path, write(tmp_path, "a.tsv", WIRE), "--topic", NEWS)


def test_without_an_answer_from_kafka_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiregraph.producing.BOOTSTRAP_TIMEOUT_MS", 500)
    nobody = f"{ports.HOST}:{ports.choose(None, 0)}"
    before = threading.active_count()
    with pytest.raises(Failure, match="cannot be reached"):
        run(tmp_path, write(tmp_path, "a.tsv", WIRE), "--topic", NEWS, "--bootstrap", nobody)
    assert threading.active_count() < before + 5
