import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from udfs.topics import CLICKS, NEWS, NEWS_GRAPH, POSTS
from wiregraph.demo_feed import BACKLOG_S, QUANTILES_MIN, Feed, Latencies
from wiregraph.demo_input import mapping_of, outgoing_of
from wiregraph.demo_stack import MARKER, Stopped, clean, demo_stack, stoppable
from wiregraph.errors import Failure, UsageError
from wiregraph.processes import strays
from wiregraph.producing import Outgoing

RATE = 10.0


def item(topic: str = NEWS) -> Outgoing:
    return Outgoing(topic, b"k", b"{}", 0)


class Sink:
    def __init__(self, *, takes: bool = True) -> None:
        self.items: list[Outgoing] = []
        self._takes = takes

    def send(self, sent: Outgoing) -> bool:
        self.items.append(sent)
        return self._takes


def test_a_feed_sends_what_is_due() -> None:
    sink = Sink()
    feed = Feed(iter([item()] * 1_000), sink.send, RATE, 1_000)
    for tick in range(101):
        feed.step(tick / 20, read=len(sink.items))
    assert abs(len(sink.items) - 5 * RATE) <= 1
    assert feed.state.sent == len(sink.items)


def test_a_feed_waits_for_the_job_and_does_not_make_up_for_it() -> None:
    sink = Sink()
    feed = Feed(iter([item()] * 10_000), sink.send, RATE, 10_000)
    for tick in range(4 * int(BACKLOG_S)):
        feed.step(tick, read=0)
    assert feed.state.is_paused
    backlog = len(sink.items)
    assert abs(backlog - RATE * BACKLOG_S) <= RATE
    feed.step(4 * BACKLOG_S, read=backlog)
    assert not feed.state.is_paused
    assert len(sink.items) - backlog <= RATE


def test_clicks_and_refused_items_are_not_waited_for() -> None:
    feed = Feed(iter([item(), item(CLICKS), item(POSTS)]), Sink().send, 100.0, 3)
    feed.step(0.0, read=0)
    feed.step(1.0, read=0)
    assert feed.done
    assert (feed.state.sent, feed.state.counted) == (3, 2)
    refusing = Feed(iter([item()]), Sink(takes=False).send, 100.0, 1)
    refusing.step(0.0, read=0)
    refusing.step(1.0, read=0)
    assert (refusing.state.sent, refusing.state.counted) == (1, 0)


def test_latency_is_from_fed_to_read() -> None:
    latencies = Latencies()
    for number in range(1, 101):
        latencies.fed(number, now_s=float(number))
        latencies.applied(number - 1, now_s=number + 0.5)
    percentiles_s = latencies.percentiles_s()
    assert percentiles_s == pytest.approx((1.5, 1.5))


def test_few_latencies_tell_no_percentile() -> None:
    latencies = Latencies()
    for number in range(1, QUANTILES_MIN):
        latencies.fed(number, now_s=0.0)
    latencies.applied(QUANTILES_MIN, now_s=1.0)
    assert latencies.percentiles_s() is None


def test_a_wire_of_titles_is_mapped_by_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "wire.tsv"
    file.write_text(
        "timestamp_utc\ttitle\n2008-09-15T06:00:00Z\tLehman files\nbroken\n2008-09-15T06:00:01Z\tMore\n", "utf-8"
    )
    sent = list(outgoing_of(file))
    fields = [json.loads(each.value or b"") for each in sent]
    assert [each["headline"] for each in fields] == ["Lehman files", "More"]
    assert [each["published_at"] for each in fields] == ["2008-09-15T06:00:00Z", "2008-09-15T06:00:01Z"]
    assert [each.timestamp_ms for each in sent] == [1_221_458_400_000, 1_221_458_401_000]
    assert {each.topic for each in sent} == {NEWS}


def test_json_lines_in_the_form_of_the_topic_need_no_mapping(tmp_path: Path) -> None:
    file = tmp_path / "wire.jsonl"
    line = b'{"id":"1","published_at":"2026-01-05T14:30:00Z","headline":"H","time":"x"}'
    file.write_bytes(line + b"\n")
    assert mapping_of(file) == []
    assert [each.value for each in outgoing_of(file)] == [line]


def test_a_file_without_headlines_is_refused_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("day,price\n2026-01-05,4\n", "utf-8")
    with pytest.raises(UsageError, match="headline"):
        outgoing_of(file)


def test_only_a_directory_that_a_demo_made_is_cleared(tmp_path: Path) -> None:
    foreign = tmp_path / "data"
    foreign.mkdir()
    (foreign / "precious").write_text("x", "utf-8")
    with pytest.raises(UsageError, match="choose another --dir"):
        clean(foreign, print)
    assert (foreign / "precious").is_file()
    own = tmp_path / "demo"
    clean(own, print)
    (own / "old").write_text("x", "utf-8")
    clean(own, print)
    assert [each.name for each in own.iterdir() if not each.name.startswith("stack")] == [MARKER]


def test_a_second_demo_in_a_directory_is_refused(tmp_path: Path) -> None:
    held = f"import fcntl, sys; f = open({str(tmp_path / 'demo.lock')!r}, 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
    wait = "; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", held + wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(Failure, match="already"), demo_stack(tmp_path / "demo", (NEWS_GRAPH,), print):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_and_a_second_one_does_not_disturb(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    second_survived = False

    def stopped_twice() -> None:
        nonlocal second_survived
        with stoppable():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                second_survived = True

    with pytest.raises(Stopped) as stopped:
        stopped_twice()
    assert second_survived
    assert stopped.value.code == 128 + number
    assert signal.getsignal(number) is before


def run_demo(directory: Path, *options: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "wiregraph", "demo", "--dir", str(directory), *options]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.jvm
@pytest.mark.timeout(600)
def test_a_short_demo_agrees_with_the_truth_and_a_stopped_one_leaves_nothing_behind(tmp_path: Path) -> None:
    with run_demo(tmp_path, "--for", "10", "--rate", "20") as whole:
        output, _ = whole.communicate()
    assert whole.returncode == 0, output
    assert "every count is the one that was generated" in output
    assert "every alert is one that was generated" in output
    assert strays(tmp_path / "demo", (), ()) == []
    with run_demo(tmp_path) as cut:
        assert cut.stdout
        for line in cut.stdout:
            if "feeding: fed" in line:
                break
        cut.send_signal(signal.SIGINT)
        rest = cut.stdout.read()
    assert cut.returncode == 130, rest
    assert strays(tmp_path / "demo", (), ()) == []
