"""What a process keeps is what it would compute: after every batch, at every minute, bit for bit."""

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from google.protobuf.message import Message

from serving import handlers, relations
from serving.apply import Poll, Record, apply_poll
from serving.erasures import Erasure
from serving.fragments import batch_bytes
from serving.graphs import Moment
from serving.live import WINDOWS_MS, Live
from serving.progress import Progress
from serving.settings import Sizes
from serving.side import Side
from serving.store import GraphReader, GraphWriter
from serving.subjects import find_node
from tests.oracles.graph import changelog
from tests.serving.worlds import ENTITIES, HOUR_MS, some_articles
from wiregraph.v1 import graph_pb2

WORLDS = int(os.environ.get("WIREGRAPH_CASES", "2000")) // 100
SEED = int(os.environ.get("WIREGRAPH_SEED", "1"))
ASKED = [*ENTITIES, "org:nobody"]
SIZES = [Sizes(), Sizes(scores=6, edges=8)]
"""The smaller one forgets all the time."""


@dataclass
class Following:
    """A writer, and what follows it."""

    writer: GraphWriter
    live: Live
    progress: Progress

    def apply(self, records: list[Record], at: int, side: Side | None = None) -> None:
        poll = Poll(records, {0: at}, side or Side())
        self.progress = apply_poll(self.writer, poll, self.progress, at).progress

    def see(self) -> Moment:
        self.live.catch_up()
        for _ in range(3):
            self.live.prepare()
        view = self.live.reader.view()
        return Moment("live", view, view.progress())


@contextmanager
def following(path: Path, sizes: Sizes) -> Iterator[Following]:
    with GraphWriter(path) as writer:
        progress = Progress("topic", {})
        writer.write((), (), progress)
        with GraphReader(path) as reader:
            yield Following(writer, Live(reader, lambda _: True, sizes), progress)


def parsed(kind: type[Message], content: bytes) -> Message:
    message = kind()
    message.ParseFromString(content)
    return message


def check_scores(live: Live, moment: Moment, chance: random.Random) -> None:
    for window_ms in WINDOWS_MS:
        asked = graph_pb2.BatchGetEntitiesRequest(entity_ids=chance.choices(ASKED, k=5))
        asked.window.FromMilliseconds(window_ms)
        ids, ready = list(asked.entity_ids), chance.random() < 0.5
        found = live.scores(ids, window_ms, ready=ready) or live.scores(ids, window_ms)
        assert found is not None
        answer = parsed(graph_pb2.BatchGetEntitiesResponse, batch_bytes(found[1], found[0]))
        assert answer == handlers.batch_get_entities(moment, asked), (asked, moment.progress)


def check_neighbors(live: Live, moment: Moment, chance: random.Random) -> None:
    for window_ms in WINDOWS_MS:
        asked = graph_pb2.GetNeighborsRequest(entity_id=chance.choice(ENTITIES), limit=chance.choice([0, 1, 2, 20]))
        asked.window.FromMilliseconds(window_ms)
        neighbors, ready = partial(live.neighbors, asked.entity_id, window_ms, asked.limit), chance.random() < 0.5
        found = neighbors(ready=ready) or neighbors()
        if found is None:
            assert find_node(moment.view, asked.entity_id) is None
            continue
        now, fragment = found
        answer = parsed(graph_pb2.GetNeighborsResponse, fragment.content + now.list_tail)
        assert answer == relations.get_neighbors(moment, asked), (asked, moment.progress)


def in_order_of_time(chance: random.Random) -> list[Record]:
    """So that windows move from batch to batch; a few articles are late, and rows of different keys overtake others."""
    articles = sorted(some_articles(chance), key=lambda one: one.event_time + chance.choice([0, 0, 0, HOUR_MS]))
    rows = changelog(articles)
    behind = {row.key: chance.choice([0, 0, 3, 40]) for row in rows}
    arrived = sorted(enumerate(rows), key=lambda pair: pair[0] + behind[pair[1].key])
    return [row.record(offset) for offset, (_, row) in enumerate(arrived)]


def test_what_is_kept_is_what_would_be_computed(tmp_path: Path) -> None:
    for number in range(max(1, WORLDS)):
        chance = random.Random(f"{SEED}/{number}")
        log = in_order_of_time(chance)
        with following(tmp_path / str(number), chance.choice(SIZES)) as one:
            at = 0
            while at < len(log):
                size = chance.choice([1, 2, 5, 20, 60])
                batch = log[at : at + size]
                at += len(batch)
                erased = [Erasure(chance.choice(ENTITIES), 1)] if chance.random() < 0.01 else []
                one.apply(batch, at, Side(erasures=erased))
                if chance.random() < 0.8:
                    moment = one.see()
                    check_scores(one.live, moment, chance)
                    check_neighbors(one.live, moment, chance)
        shutil.rmtree(tmp_path / str(number))
