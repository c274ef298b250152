"""What comes in: articles and clicks with their event times, verdicts, erasures; all of it follows from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from serving.erasures import Erasure
from serving.labels import Label
from tests.oracles.alerts import make_alert
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS, DAY_MS
from udfs.alerts import Alert, AlertState
from udfs.lateness import OUT_OF_ORDERNESS_MS
from udfs.records import MICRO
from udfs.topics import CLICKS, NEWS, POSTS

ENTITIES = ("eq:A1", "eq:B2", "org:alpha-beta", "per:beta-gamma", "loc:delta")
TEXTS = ("Alpha files for bankruptcy", "Beta rises on talks of a deal", "Alpha files for bankruptcy protection")
"""What articles tell, one after the other: two of them the same story."""
USERS = tuple("u:" + digit * 32 for digit in "ab")
END_MS = BASE_MS + DAY_MS
"""Each partition's last record says so: by then all is in order."""


@dataclass(frozen=True)
class Incoming:
    """A record of an input partition; the alerts are what a click raises."""

    topic: str
    partition: int
    event_ms: int
    article: Article | None = None
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """`records` in the order in which they come, partition for partition."""

    records: tuple[Incoming, ...]
    last: tuple[Incoming, ...]
    told: tuple[Label | Erasure, ...]
    partitions: dict[str, int]


def some_inputs(chance: random.Random) -> Inputs:
    partitions = {NEWS: chance.randint(1, 2), POSTS: 1, CLICKS: chance.randint(1, 2)}
    span = chance.choice([3 * OUT_OF_ORDERNESS_MS, 30 * OUT_OF_ORDERNESS_MS])
    records = [_article(chance, number, span, partitions) for number in range(chance.randint(2, 9))]
    records += _clicks(chance, span, partitions)
    chance.shuffle(records)
    return Inputs(tuple(records), _last(partitions), _told(chance), partitions)


def _article(chance: random.Random, number: int, span: int, partitions: dict[str, int]) -> Incoming:
    topic = chance.choice([NEWS, NEWS, POSTS])
    event = BASE_MS + chance.randrange(span)
    known = event + chance.choice([0, 1_000, DAY_MS, -1_000])
    said = tuple(
        Said(name, chance.randint(0, MICRO), chance.randint(-MICRO, MICRO), chance.randint(-1, 1), chance.randint(1, 3))
        for name in chance.sample(ENTITIES, chance.choice([1, 1, 2, 3]))
    )
    article = Article(f"a{number}", event, known, said, topic, text=TEXTS[number % len(TEXTS)])
    return Incoming(topic, chance.randrange(partitions[topic]), event, article)


def _clicks(chance: random.Random, span: int, partitions: dict[str, int]) -> list[Incoming]:
    """Each alert's versions come from one partition; who it is about follows from its id."""
    found: list[Incoming] = []
    for number in range(chance.randint(0, 3)):
        user = chance.choice(["", *USERS])
        partition = number % partitions[CLICKS]
        versions = sorted(chance.sample(range(1, 5), chance.randint(1, 3)))
        for version in versions:
            withdrawn = version == versions[-1] and chance.random() < 0.3
            state = AlertState.WITHDRAWN if withdrawn else AlertState.OPEN
            alert = make_alert(f"al{number}", version, user=user, state=state)
            found.append(Incoming(CLICKS, partition, BASE_MS + chance.randrange(span), alerts=(alert,)))
    return found


def _last(partitions: dict[str, int]) -> tuple[Incoming, ...]:
    found = []
    for topic, count in partitions.items():
        for partition in range(count):
            article = Article(f"last{partition}", END_MS, END_MS, (Said(ENTITIES[0], 1, 1),), topic)
            found.append(Incoming(topic, partition, END_MS, None if topic == CLICKS else article))
    return tuple(found)


def _told(chance: random.Random) -> tuple[Label | Erasure, ...]:
    labels: list[Label | Erasure] = [_label(chance, at) for at in range(chance.randint(0, 4))]
    subjects = [*ENTITIES, *USERS, "session:s-al0", "session:s-al1"]
    erased = chance.sample(subjects, chance.choice([0, 0, 1, 2]))
    told = [*labels, *(Erasure(subject, at) for at, subject in enumerate(erased))]
    chance.shuffle(told)
    return tuple(told)


def _label(chance: random.Random, at: int) -> Label:
    by = chance.choice(["ann", "bob"])
    kind, subject = chance.choice(
        [("alert", "al0"), ("alert", "al1"), ("mention", f"{ENTITIES[2]}/news/a0"), ("article", "news/a1")]
    )
    return Label(subject, kind, chance.choice(["fraud", "ok"]), by, at)
