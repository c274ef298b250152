"""A replica that is built while compaction goes on is served once it holds what others have already answered."""

import random
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from serving import applier
from tests.faults.simulation.inputs import Incoming, Inputs
from tests.faults.simulation.invariants import BrokenInvariantError
from tests.faults.simulation.kafka import compact
from tests.faults.simulation.profile import Profile
from tests.faults.simulation.readers import Replica
from tests.faults.simulation.run import Stage
from tests.faults.simulation.seams import staged
from tests.faults.simulation.world import World
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from udfs.topics import CLICKS, GRAPH, NEWS

FIRST, SECOND = (
    Incoming(NEWS, 0, BASE_MS, Article(name, BASE_MS, BASE_MS, (Said("org:a", 1, 1), Said("org:b", 1, 1))))
    for name in ("one", "two")
)


def read_while_it_is_built() -> list[bool]:
    """Whether a fresh replica answered, step by step; another one has answered what came first."""
    stage = Stage()
    with staged(stage):
        profile = Profile({}, graph_partitions=1, poll_records_max=1)
        world = World(stage.clock, random.Random(1), Inputs((), (), (), {NEWS: 1, CLICKS: 1}), profile)
        stage.world = world
        world.settling = True
        world.arrive(FIRST)
        world.news_job.finish()
        world.run_replica(world.replicas[0], 100)
        assert world.client.read(world.replicas[0], world.topic_id)
        fresh = Replica(Path("fresh"))
        world.run_replica(fresh, 2)
        world.arrive(SECOND)
        world.news_job.finish()
        topic = world.broker.topics[GRAPH]
        assert compact(topic, topic.ends(), lambda _record, _later: True)
        answered = []
        for _ in range(30):
            world.run_replica(fresh, 2)
            answered.append(world.client.read(fresh, world.topic_id))
        return answered


@pytest.mark.parametrize(
    ("broken", "expectation"),
    [
        (nullcontext(), nullcontext()),
        (
            patch.object(applier._Session, "_lengthen", lambda self, _poll: self._progress),
            pytest.raises(BrokenInvariantError, match="now it is None"),
        ),
    ],
    ids=["as it is", "served at the end of its beginning"],
)
def test_compaction_while_a_replica_is_built(
    broken: AbstractContextManager[object], expectation: AbstractContextManager[object]
) -> None:
    with broken, expectation:
        answered = read_while_it_is_built()
        assert not answered[0]
        assert answered[-1]
