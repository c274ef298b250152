"""Random worlds: articles that become known in any order, written by jobs that start again, applied in batches."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from serving.apply import Poll, apply_poll
from serving.graphs import Moment
from serving.progress import Progress
from serving.store import GraphWriter
from tests.oracles.graph import Article, Said, Upsert, changelog
from tests.oracles.strategies import BASE_MS, DAY_MS
from udfs.records import MICRO

HOUR_MS = 3_600_000
ENTITIES = ["eq:A1", "eq:B2", "eq:C3", "org:alpha-beta", "org:alpha-gamma", "per:beta-alpha", "loc:delta"]
DELAYS_MS = [0, 0, 0, 1, 1_000, HOUR_MS, DAY_MS, 3 * DAY_MS, -1, -HOUR_MS, -2 * DAY_MS]
"""From publication to knowledge; some are known before they are published."""
SPANS_MS = [20 * 60_000, 6 * HOUR_MS, 4 * DAY_MS]


STORIES = [
    "alpha files for bankruptcy after talks with beta failed over the weekend",
    "alpha cuts its outlook for the year as oil falls and demand weakens",
    "regulator fines alpha",
    "...",
]
"""What articles tell; the last one has no words."""


@dataclass(frozen=True)
class World:
    """The articles in the order in which they came, and a store that they were applied to."""

    articles: tuple[Article, ...]
    writer: GraphWriter

    def moment(self) -> Moment:
        view = self.writer.view()
        return Moment("live", view, view.progress())


def some_articles(chance: random.Random) -> list[Article]:
    """Articles in any order of event and known time, some of them near the bounds of minutes and days."""
    span = chance.choice(SPANS_MS)
    return [_article(chance, number, span) for number in range(chance.randint(1, 24))]


def _article(chance: random.Random, number: int, span: int) -> Article:
    event = BASE_MS + chance.choice(
        [chance.randrange(span), chance.randrange(0, span, 60_000) + chance.choice([-1, 0])]
    )
    names = chance.sample(ENTITIES, chance.randint(1, 5))
    said = tuple(
        Said(name, chance.randint(0, MICRO), chance.randint(-MICRO, MICRO), chance.randint(-1, 1), chance.randint(1, 3))
        for name in names
    )
    topic, models = chance.choice(["news", "posts"]), f"ner={chance.randint(1, 3)} sentiment=1"
    about = chance.choice(["Markets", "Macro"])
    return Article(f"a{number}", event, event + chance.choice(DELAYS_MS), said, topic, models, some_text(chance), about)


def some_text(chance: random.Random) -> str:
    """One of a few stories, often told in other words; some texts have no words at all."""
    words = chance.choice(STORIES).split()
    for _ in range(chance.choice([0, 0, 1, 2, 5]) if words else 0):
        words[chance.randrange(len(words))] = chance.choice(["shares", "rises", "on", "deal", "again"])
    return " ".join(words)


def arrivals(chance: random.Random, articles: list[Article]) -> list[Upsert]:
    """What jobs write: one reads in this order and dies somewhere, the next reads in another one from the start.

    Rows of different keys lie in different partitions, so they overtake each other; those of one key do not.
    """
    first = changelog(articles)
    again = changelog(chance.sample(articles, len(articles)))
    rows = [*first[: chance.randint(0, len(first))], *again]
    if chance.random() < 0.5:
        rows += chance.sample(rows, len(rows) // 3)  # Duplicates.
    partition = {row.key: chance.random() for row in rows}
    late = [(at + len(rows) * partition[row.key], row) for at, row in enumerate(rows)]
    return [row for _, row in sorted(late, key=lambda pair: pair[0])]


def build(path: Path, chance: random.Random) -> World:
    """Applies a random world in batches; the caller closes its writer."""
    articles = some_articles(chance)
    log = [row.record(offset) for offset, row in enumerate(arrivals(chance, articles))]
    writer = GraphWriter(path)
    progress = Progress("topic", {})
    at = 0
    while at < len(log):
        size = chance.randint(1 + len(log) // 5, len(log))
        batch = log[at : at + size]
        at += len(batch)
        progress = apply_poll(writer, Poll(batch, {0: at}), progress, at).progress
    return World(tuple(articles), writer)
