import pytest

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.demo_feed import BACKLOG_S, QUANTILES_MIN, Feed, Latencies
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


def test_a_feed_of_less_than_one_a_second_sends_too() -> None:
    sink = Sink()
    feed = Feed(iter([item()] * 100), sink.send, 0.5, 100)
    for tick in range(11):
        feed.step(float(tick), read=len(sink.items))
    assert len(sink.items) == 5


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
