"""The faults that do not strike the applier at a call of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.simulation.faults import Fault
from tests.faults.simulation.kafka import Record, Topic, compact
from tests.faults.simulation.twin import Line
from tests.faults.simulation.world import FOLLOWED, World
from udfs.topics import CONTROL, GRAPH

JUNK = ((b"", None), (b"fact/org:a/news/x", b"{"), (b"erase/per:x", b"{}"), (b"node/org:a", b'{"version":1}'))
SEGMENT_MS = 5_000
"""Kafka closes no segment sooner; an applier that is at the end reads records long before compaction takes them."""
CLOCK_STEPS_MS = (-3_600_000, -5_000, 5_000, 86_400_000)


class Disturber:
    """Acts in the middle of whatever the others do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._generation = 0
        self._closed: dict[str, dict[int, int]] = {}
        self._compacts_at_ms = 0
        self._actions: list[tuple[Fault, Callable[[], None]]] = [
            (Fault.JOB_KILL, self._kill_job),
            (Fault.JOB_FROM_NOTHING, self._lose_state),
            (Fault.TORN_TAIL, self._tear),
            (Fault.STALE, self._repeat),
            (Fault.JUNK, self._junk),
            (Fault.COMPACTED, self._compact),
            (Fault.CLOCK_STEP, self._step_clock),
            (Fault.SERVER_KILL, self._kill_server),
            (Fault.STORE_MARKED, self._mark_store),
            (Fault.WRITES_LOST, self._lose_writes),
            (Fault.CHANGELOG_REPLACED, self._replace_changelog),
        ]

    def act(self) -> None:
        """Whatever the profile has happen now."""
        for fault, strike in self._actions:
            if self._world.hit(fault):
                strike()

    def _kill_job(self) -> None:
        self._world.chance.choice([self._world.news_job, self._world.click_job]).kill(Fault.JOB_KILL)

    def _lose_state(self) -> None:
        self._world.news_job.kill(Fault.JOB_FROM_NOTHING)

    def _tear(self) -> None:
        self._world.news_job.kill(Fault.TORN_TAIL)

    def _repeat(self) -> None:
        world = self._world
        written = [one for one in world.broker.topics[GRAPH].records() if isinstance(one.content, Line)]
        if written:
            world.news_job.repeat(world.chance.choice(written))

    def _junk(self) -> None:
        world = self._world
        name = world.chance.choice([name for name in FOLLOWED if name in world.broker.topics])
        key, value = world.chance.choice([one for one in JUNK if (name == CONTROL) == one[0].startswith(b"erase")])
        record = world.broker.topics[name].append(Record(key, value or (None if name == GRAPH else b"{")))
        prefix = "" if name == GRAPH else f"{name}/"
        world.junk.add(f"{prefix}{record.partition}/{record.offset}")

    def _compact(self) -> None:
        """Kafka's compaction keeps the highest offset; here it runs only where that has the highest version, too.

        It takes nothing from what came since the last time, as from an open segment.
        """
        if self._world.clock.passed_ms < self._compacts_at_ms:
            return
        self._compacts_at_ms = self._world.clock.passed_ms + SEGMENT_MS
        topic = self._world.broker.topics[GRAPH]
        taken = compact(topic, self._closed.get(topic.topic_id, {}), _is_covered)
        self._closed = {topic.topic_id: topic.ends()}
        self._world.say(f"{taken} records are compacted away")

    def _step_clock(self) -> None:
        world = self._world
        world.faults.inject(Fault.CLOCK_STEP)
        world.clock.step(world.chance.choice(CLOCK_STEPS_MS))

    def _kill_server(self) -> None:
        replica = self._world.chance.choice(self._world.replicas)
        if replica.server is not None:
            replica.server, replica.server_killed = None, True
            self._world.faults.inject(Fault.SERVER_KILL)
            self._world.say("server killed")

    def _mark_store(self) -> None:
        world = self._world
        disk = world.disks.get(world.chance.choice(world.replicas).path)
        if disk is not None and not disk.marked:
            disk.marked = True
            disk.pending[Fault.STORE_MARKED] += 1
            world.faults.inject(Fault.STORE_MARKED)
            world.say("a reader found a store broken")

    def _lose_writes(self) -> None:
        """Power is cut while the applier is down: the last writes were not on the disk yet."""
        world = self._world
        replica = world.chance.choice(world.replicas)
        disk = world.disks.get(replica.path)
        if disk is None or replica is world.running or len(disk.snapshots) == 1 or disk.newest is not disk.now:
            return
        del disk.snapshots[-world.chance.randint(1, len(disk.snapshots) - 1) :]
        replica.server = None
        if disk.now.progress is None:  # Where all are lost, nothing of an old changelog is left to be built again.
            world.faults.observe(Fault.CHANGELOG_REPLACED, disk.pending.pop(Fault.CHANGELOG_REPLACED, 0))
        world.faults.inject(Fault.WRITES_LOST)
        world.say(f"{replica.path} has lost writes")

    def _replace_changelog(self) -> None:
        world = self._world
        self._generation += 1
        old = world.broker.topics[GRAPH]
        world.broker.topics[GRAPH] = Topic.make(GRAPH, len(old.partitions), self._generation)
        world.junk = {name for name in world.junk if name.count("/") == 2}
        world.say("the changelog is created anew")
        for disk in world.disks.values():
            if disk.now.progress is not None and disk.now.progress.topic_id == old.topic_id:
                disk.pending[Fault.CHANGELOG_REPLACED] += 1
                world.faults.inject(Fault.CHANGELOG_REPLACED)
        world.news_job.begin_anew()


def _is_covered(record: Record, later: Record) -> bool:
    if not isinstance(record.content, Line) or not isinstance(later.content, Line):
        return False
    return record.content.version <= later.content.version
