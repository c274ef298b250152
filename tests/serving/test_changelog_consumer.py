"""How many records wait decides how many an applier takes at once."""

import random
from pathlib import Path

import pytest

from serving import changelog_consumer
from serving.changelog_consumer import Changelog, ChangelogConsumer, Topics
from serving.progress import Progress
from serving.settings import ApplierSettings
from tests.faults.simulation.kafka import Broker, Record, SimulatedConsumer, Topic
from udfs.topics import graph_topic

WAITING = 1_300


class Calm:
    """A broker that always answers."""

    chance = random.Random(1)
    fetch_max = 10_000

    def __init__(self) -> None:
        topic = Topic.make(graph_topic(""), 3)
        for number in range(WAITING):
            topic.append(Record(b"node/%d" % number, b""))
        self.broker = Broker({topic.name: topic})

    def call(self, _name: str) -> bool:
        return True

    def pass_time(self, _milliseconds: int) -> None:
        """Nobody waits."""

    def given(self, *_: object) -> None:
        """Nobody counts."""


def test_batches_are_small_near_the_end_of_the_changelog(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(changelog_consumer, "KafkaConsumer", SimulatedConsumer)
    settings = ApplierSettings("simulated", tmp_path, "", {"world": Calm()})
    consumer = ChangelogConsumer(Topics(Changelog(graph_topic(""), "", 3)), {}, settings.kafka)
    consumer.seek(Progress("", {}))
    left, sizes = WAITING, []
    while left:
        assert consumer.waiting == left
        asked = settings.batch_max(left)
        assert asked == (200 if left >= 1_000 else 20)
        left -= consumer.poll(1, asked).count
        sizes.append(asked)
    assert sizes[0] > sizes[-1]
