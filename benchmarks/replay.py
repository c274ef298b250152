"""A replay from facts beside one from articles: how much sooner a graph is there when no model has to run.

From facts it is everything, from the command to the applied graph. From articles the models would read for hours what
takes minutes from facts, so it is their start and, for as many articles, the rate at which they read some of them.
Facts of a longer wire are those of the short one over again, under other ids and at later times.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from kafka import KafkaProducer

from benchmarks.news import await_read, send, silent
from benchmarks.report import Figure
from benchmarks.texts import articles
from jobs.replay_plan import ReplayPlan
from serving.progress import reached
from udfs.changelog import Kind
from udfs.topics import GRAPH, NEWS, NEWS_GRAPH
from wiregraph import jobs_control, replay_offsets, stack_control
from wiregraph.demo_answers import connect
from wiregraph.graphs_control import stored_progress
from wiregraph.jobs_control import JobRequest
from wiregraph.producing import Outgoing
from wiregraph.replay import replay
from wiregraph.replay_progress import READING, STARTING, TIMES_END_MS, Step
from wiregraph.replay_request import ReplayRequest
from wiregraph.stack import Stack
from wiregraph.stack_control import Wish
from wiregraph.topics_admin import consumer, partitions

GROUP = "replay"
ARTICLES = 4_000
COPIES = 20
"""The facts of so many times the articles: about a month of a large wire."""
APART_MS = 6 * 3_600_000
TARGET = 20


@dataclass
class Steps:
    """When a replay was how far: seconds by what it did, and the rate of its second half of reading."""

    began_s: float = field(default_factory=time.monotonic)
    seen: list[tuple[float, Step]] = field(default_factory=list)

    def note(self, step: Step) -> None:
        """One of them."""
        self.seen.append((time.monotonic() - self.began_s, step))

    def seconds(self) -> dict[str, float]:
        """By what was done, from its first sight to that of the next."""
        found: dict[str, float] = {}
        for (at_s, step), (next_s, _) in zip(self.seen, self.seen[1:], strict=False):
            found[step.doing] = found.get(step.doing, 0.0) + next_s - at_s
        return found

    def reading_rate(self) -> float:
        """Records a second, from a third of them on."""
        reading = [(at_s, step.done) for at_s, step in self.seen if step.doing == READING]
        warm = [(at_s, done) for at_s, done in reading if done >= reading[-1][1] / 3]
        end_s = next(at_s for at_s, done in warm if done == warm[-1][1])
        return (warm[-1][1] - warm[0][1]) / (end_s - warm[0][0])


def measure(directory: Path) -> Iterator[Figure]:
    """Both replays of one stack, one after the other."""
    stack = stack_control.up(Wish(directory), silent)
    try:
        _read_once(directory, stack)
        slow = _replayed(directory, stack, from_facts=False)
        _make_longer(directory, stack)
        quick = _replayed(directory, stack, from_facts=True)
    finally:
        stack_control.down(directory, silent)
    rate, start_s = slow.reading_rate(), slow.seconds()[STARTING]
    seconds, wire = quick.seen[-1][0], ARTICLES * (COPIES + 1)
    times = (start_s + wire / rate) / seconds
    yield Figure(GROUP, "from_articles", rate, "articles/s")
    yield Figure(GROUP, "from_articles_starting", start_s, "s")
    yield Figure(GROUP, "from_facts", wire / seconds, "articles/s", times, f"from_articles_target_{TARGET}")
    for doing, part_s in quick.seconds().items():
        yield Figure(GROUP, f"from_facts_{doing}", part_s, "s", part_s / seconds, "all_of_it")


def _read_once(directory: Path, stack: Stack) -> None:
    """The live graph of the short wire."""
    record = jobs_control.start(directory, JobRequest(NEWS_GRAPH, stack.bootstrap))
    jobs_control.await_running(directory, record)
    with connect(stack.grpc) as answers:
        send(stack, [Outgoing(one.topic, one.key, one.value, one.record_time_ms) for one in articles(ARTICLES)])
        await_read(answers, ARTICLES)
    jobs_control.stop(directory, NEWS_GRAPH, None)


def _replayed(directory: Path, stack: Stack, *, from_facts: bool) -> Steps:
    graph = "facts" if from_facts else "articles"
    plan = ReplayPlan(graph=graph, topics=(NEWS,), from_ms=0, to_ms=TIMES_END_MS, from_facts=from_facts)
    steps = Steps()
    replay(ReplayRequest(directory, plan, {"bootstrap_servers": stack.bootstrap}, python=sys.executable), steps.note)
    steps.note(Step("done", 0, 0))
    return steps


def _make_longer(directory: Path, stack: Stack) -> None:
    """More facts in the live changelog, and all of them applied, so that nothing else is at work."""
    options = {"bootstrap_servers": stack.bootstrap}
    producer = KafkaProducer(**options, linger_ms=20, batch_size=128 * 1024)
    for key, value in _facts(options):
        fact = orjson.loads(value)
        for number in range(1, COPIES + 1):
            again = {**fact, "article": f"{fact['article']}-{number}"}
            again["event_time"] = fact["event_time"] + number * APART_MS
            producer.send(GRAPH, key=key + f"-{number}".encode(), value=orjson.dumps(again))
    producer.flush()
    producer.close()
    ends = replay_offsets.ends_of(options, "")
    while not reached(stored_progress(directory / "store" / "live").offsets, ends):
        time.sleep(0.5)


def _facts(options: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Each fact of the live changelog."""
    found: dict[bytes, bytes] = {}
    with consumer(options) as reader:
        parts = partitions(reader, GRAPH)
        ends = reader.end_offsets(parts)
        reader.assign(parts)
        while any(reader.position(part) < end for part, end in ends.items()):
            for batch in reader.poll(200).values():
                found.update({one.key: one.value for one in batch if one.key.startswith(f"{Kind.FACT}/".encode())})
    return list(found.items())
