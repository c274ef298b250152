"""Scores that are computed before the minute moves, and those that are computed again for what has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.fragments import STALE_MAX
from serving.kept_scores import RIPE_AFTER
from serving.live import Live
from serving.settings import Sizes
from serving.store import GraphReader
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import T0
from wiregraph.v1 import graph_pb2

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
ENTITIES = [f"org:e{number}" for number in range(5)]


class Wire:
    """Articles that come one by one, each about others than the entities that are asked for."""

    def __init__(self, path: Path, live: Live) -> None:
        self.path = path
        self.live = live
        self.articles: list[Article] = []

    def say(self, time_ms: int, *entities: str) -> None:
        self.articles.append(
            Article(f"a{len(self.articles)}", time_ms, time_ms, tuple(Said(one, 1, 1) for one in entities))
        )
        fill_store(self.path, self.articles)
        self.live.catch_up()

    def counts(self) -> list[int]:
        found = self.live.scores(ENTITIES, HOUR_MS)
        assert found is not None
        return [graph_pb2.EntityScore.FromString(one.content).articles for one in found[1]]

    def computed(self) -> int:
        """How many scores a question took."""
        before = self.live.computed
        self.counts()
        return self.live.computed - before

    def rest(self, time_ms: int) -> None:
        """So many moments that what stayed is not expected to change."""
        for _ in range(RIPE_AFTER):
            self.say(time_ms, "org:other")


@contextmanager
def wire(path: Path) -> Iterator[Wire]:
    fill_store(path, [])
    with GraphReader(path) as reader:
        yield Wire(path, Live(reader, lambda _: True, Sizes()))


def test_the_next_minute_is_ready_when_it_comes(tmp_path: Path) -> None:
    with wire(tmp_path / "live") as one:
        one.say(T0, *ENTITIES)
        one.say(T0 + HOUR_MS - MINUTE_MS, "org:other")
        assert one.counts() == [1] * 5
        one.rest(T0 + HOUR_MS - MINUTE_MS)
        assert [one.live.prepare() for _ in range(6)] == [True] * 5 + [False]
        assert one.computed() == 0
        one.say(T0 + HOUR_MS, "org:other")
        assert one.computed() == 0
        assert one.counts() == [0] * 5


def test_what_changes_meanwhile_is_computed_again(tmp_path: Path) -> None:
    with wire(tmp_path / "live") as one:
        one.say(T0, *ENTITIES)
        one.say(T0 + HOUR_MS - MINUTE_MS, "org:other")
        one.counts()
        assert not one.live.prepare()  # It may change at any moment.
        one.rest(T0 + HOUR_MS - MINUTE_MS)
        while one.live.prepare():
            pass
        one.say(T0 + HOUR_MS - MINUTE_MS, ENTITIES[0])
        one.say(T0 + HOUR_MS, "org:other")
        assert one.computed() == 1
        assert one.counts() == [1, 0, 0, 0, 0]


def test_what_nobody_asks_for_is_let_go_after_many_changes(tmp_path: Path) -> None:
    with wire(tmp_path / "live") as one:
        one.say(T0, *ENTITIES)
        assert one.counts() == [1] * 5
        hour = 0
        while ENTITIES[0] in one.live._scores.young:
            hour += 1
            one.say(T0 + hour * HOUR_MS, ENTITIES[0])
            assert hour <= STALE_MAX
        assert hour > STALE_MAX / 3  # An hour changes a row of each grain.
        assert one.counts() == [1, 0, 0, 0, 0]
