"""Everything that happens in one run, one thing after the other, chosen by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from kafka import TopicPartition

from serving import erase
from serving.erasures import Erasure, erasure_record_key, erasure_value
from serving.labels import label_record_key, label_value
from serving.progress import Progress
from serving.settings import ApplierSettings
from serving.store import StoreBusyError
from tests.faults.simulation.faults import Fault, Faults, Kill
from tests.faults.simulation.inputs import Incoming, Inputs
from tests.faults.simulation.invariants import check_written, demand
from tests.faults.simulation.jobs import Job, alert_rows, graph_rows
from tests.faults.simulation.kafka import Broker, Record, Topic
from tests.faults.simulation.profile import CALM, Profile
from tests.faults.simulation.readers import Client, Replica
from tests.faults.simulation.seams import Clock, Steps, run_applier
from tests.faults.simulation.store import Disk, Hooks, SimulatedReader, SimulatedWriter
from tests.faults.simulation.twin import Applied
from udfs.lateness import arrive
from udfs.topics import ALERTS, CLICK_FRAUD, CLICKS, CONTROL, GRAPH, LABELS, NEWS_GRAPH, consumer_group

FOLLOWED = (GRAPH, ALERTS, LABELS, CONTROL)
BURSTS = (0, 0, 0, 0, 0, 1, 2, 8)
"""So much happens between two calls of the applier's: mostly nothing, sometimes a job goes far."""
NEWS_GROUP, CLICK_GROUP = consumer_group(NEWS_GRAPH), consumer_group(CLICK_FRAUD)


class World:
    """The log, the jobs that write it, replicas that apply it, and a client; it is also what Kafka's clients call."""

    def __init__(self, clock: Clock, chance: random.Random, inputs: Inputs, profile: Profile) -> None:
        self.clock = clock
        self.chance = chance
        self.profile = profile
        self.fetch_max = profile.fetch_max
        self.faults = Faults()
        self.broker = Broker()
        self.trace: list[str] = []
        self.disks: dict[Path, Disk] = {}
        self.replicas = [Replica(Path(f"replica{number}")) for number in range(profile.replicas)]
        self.client = Client()
        self.running: Replica | None = None
        self.settling = False
        self.junk: set[str] = set()
        self.on_act: Callable[[], None] = lambda: None
        self._inputs = list(inputs.records)
        self._told = list(inputs.told)
        self._last = inputs.last
        self._arrived: dict[TopicPartition, list[tuple[Incoming, bool]]] = {}
        self._latest: dict[TopicPartition, int] = {}
        self._disks_made = 0
        for name, partitions in {**inputs.partitions, GRAPH: profile.graph_partitions, ALERTS: 2, CONTROL: 1}.items():
            self.broker.topics[name] = Topic.make(name, partitions)
        tps = [TopicPartition(name, at) for name, count in inputs.partitions.items() for at in range(count)]
        clicks = [tp for tp in tps if tp.topic == CLICKS]
        self.news_job = Job(self, NEWS_GROUP, [tp for tp in tps if tp not in clicks], graph_rows)
        self.click_job = Job(self, CLICK_GROUP, clicks, alert_rows)
        self._input_tps = {NEWS_GROUP: [tp for tp in tps if tp not in clicks], CLICK_GROUP: clicks}
        erase.ROWS_AT_ONCE = profile.rows_at_once

    def say(self, text: str) -> None:
        """For whoever replays a seed."""
        self.trace.append(f"{self.clock.passed_ms / 1_000:9.3f} {text}")

    def hit(self, fault: Fault) -> bool:
        """Whether it happens now."""
        rate = self.profile.rates.get(fault, 0.0)
        return rate > 0 and not self.settling and self.chance.random() < rate

    # What Kafka's clients call.

    def call(self, name: str) -> bool:
        self.clock.passed_ms += 1
        if self.settling:
            return True
        for _ in range(self.chance.choice(BURSTS)):
            self.act()
        if self.hit(Fault.KILL_BETWEEN_CALLS):
            self._kill(Fault.KILL_BETWEEN_CALLS)
        if not self.hit(Fault.BROKER_AWAY):
            return True
        if name != "poll":  # An empty poll says nothing.
            self._raise(Fault.BROKER_AWAY)
        return False

    def pass_time(self, milliseconds: int) -> None:
        self.clock.passed_ms += milliseconds

    def given(self, tp: TopicPartition, offsets: Sequence[int]) -> None:
        disk = self._running_disk()
        if disk is not None and tp.topic in FOLLOWED:
            for given in (disk.given, disk.ever_given):
                given.setdefault((tp.topic, tp.partition), set()).update(offsets)

    def probed(self, group: str) -> None:
        disk = self._running_disk()
        if disk is not None:
            disk.probed[group] = {tp: len(self._arrived.get(tp, ())) for tp in self._input_tps[group]}

    def _running_disk(self) -> Disk | None:
        return self.disks.get(self.running.path) if self.running else None

    def _kill(self, fault: Fault) -> None:
        self.faults.inject(fault)
        self.say(str(fault))
        raise Kill(fault)

    def _raise(self, fault: Fault) -> None:
        assert self.running is not None
        self.faults.inject(fault)
        self.say(str(fault))
        self.running.raised.append(fault)

    # What happens beside the appliers.

    def act(self) -> None:
        """One thing: something comes in, a job works, a client reads, something breaks."""
        chance = self.chance.random()
        if chance < 0.2:
            self.feed()
        elif chance < 0.55:
            self.news_job.act()
        elif chance < 0.65:
            self.click_job.act()
        elif chance < 0.7:
            self.tell()
        elif chance < 0.78:
            self.client.read(self.chance.choice(self.replicas), self.topic_id)
        else:
            self.on_act()

    @property
    def topic_id(self) -> str:
        return self.broker.topics[GRAPH].topic_id

    def feed(self) -> None:
        if self._inputs:
            self.arrive(self._inputs.pop(0))

    def arrive(self, incoming: Incoming) -> None:
        tp = TopicPartition(incoming.topic, incoming.partition)
        arrival = arrive(self._latest.get(tp), incoming.event_ms)
        self._latest[tp] = arrival.latest_ms
        self._arrived.setdefault(tp, []).append((incoming, arrival.lateness_ms > 0))
        record = Record(b"", b"", incoming, timestamp=incoming.event_ms)
        self.broker.topics[tp.topic].append(record, tp.partition)

    def tell(self) -> None:
        """A verdict or an erasure; the topic of verdicts is made with the first of them."""
        if not self._told:
            return
        one = self._told.pop(0)
        if isinstance(one, Erasure):
            self.broker.topics[CONTROL].append(Record(erasure_record_key(one), erasure_value(one), one))
        else:
            topic = self.broker.topics.setdefault(LABELS, Topic.make(LABELS, 2))
            topic.append(Record(label_record_key(one), label_value(one), one))

    # Disks.

    def open_writer(self, path: Path) -> SimulatedWriter:
        if path not in self.disks:
            self._disks_made += 1
            self.disks[path] = Disk(f"disk-{self._disks_made}")
        disk = self.disks[path]
        if disk.newest not in {None, disk.now}:
            self.faults.observe(Fault.WRITES_LOST)
            disk.newest = disk.now
        disk.given = {}
        return SimulatedWriter(path, disk, Hooks(self._on_write, self._on_read, self._advance))

    def open_reader(self, path: Path) -> SimulatedReader:
        return SimulatedReader(self.disks.get(path), lambda disk: self.disks.get(path) is disk)

    def move_aside(self, path: Path, _stamp_ms: int) -> Path:
        disk = self.disks.pop(path)
        self.say(f"{path} is built again")
        progress = disk.now.progress
        demand(
            # A store in which nothing is yet loses nothing.
            bool(disk.pending) or progress is None or progress.topic_id != self.topic_id,
            "rebuilt for nothing",
        )
        for fault, times in disk.pending.items():
            self.faults.observe(fault, times)
        return path

    def identity(self, path: Path) -> str:
        return self.disks[path].identity if path in self.disks else ""

    def mark(self, path: Path, _identity: str) -> None:
        raise AssertionError(f"{path}: a reader found a broken store where none is")

    def is_broken(self, path: Path, identity: str) -> bool:
        return path in self.disks and self.disks[path].identity == identity and self.disks[path].marked

    def _on_read(self, disk: Disk) -> None:
        if self.hit(Fault.BLOCK_BAD):
            self.faults.inject(Fault.BLOCK_BAD)
            disk.pending[Fault.BLOCK_BAD] += 1
            raise RuntimeError("Corruption: a bad block")

    def _on_write(self, disk: Disk, _progress: Progress, write: Callable[[], None]) -> None:
        if self.hit(Fault.KILL_BEFORE_WRITE):
            self._kill(Fault.KILL_BEFORE_WRITE)
        if self.hit(Fault.DISK_FULL):
            self._raise(Fault.DISK_FULL)
            raise StoreBusyError("No space left")
        before = disk.now.progress
        write()
        self._check_written(disk, before)
        if self.running and not self.settling and self.chance.random() < 0.15:
            self.client.read(self.running, self.topic_id)
        if self.hit(Fault.KILL_AFTER_WRITE):
            self._kill(Fault.KILL_AFTER_WRITE)
        if self.hit(Fault.DISK_UNSURE):
            self._raise(Fault.DISK_UNSURE)
            raise StoreBusyError("No space left")

    def _check_written(self, disk: Disk, before: Progress | None) -> None:
        if disk.now.applied.topic_id == self.topic_id:
            check_written(before, disk.now, {group: self._measured(disk, group) for group in self._input_tps})

    def _measured(self, disk: Disk, group: str) -> list[Incoming]:
        """What was in the inputs when the applier asked for this group's offsets, without what was late."""
        ends = disk.probed.get(group, {})
        return [one for tp, end in ends.items() for one, late in self._arrived.get(tp, ())[:end] if not late]

    def _advance(self, disk: Disk, progress: Progress) -> Applied:
        """What the store has applied by this progress; each record up to there must have been given to the applier."""
        applied = disk.now.applied
        if progress.topic_id != self.topic_id:
            return Applied(progress.topic_id)
        offsets = {(GRAPH, partition): at for partition, at in progress.offsets.items()}
        for topic, followed in progress.side.items():
            offsets |= {(topic, partition): at for partition, at in followed.offsets.items()}
        contents: list[object] = []
        for place, end in offsets.items():
            given = disk.given.get(place, set())
            for record in self.broker.topics[place[0]].partitions[place[1]][applied.offsets.get(place, 0) : end]:
                demand(record.gone or record.offset in given, f"{place} {record.offset} was left out")
                if record.offset in given:
                    contents.append(record.content)
        return applied.advanced(progress.topic_id, offsets, contents)

    # Appliers.

    def run_replica(self, replica: Replica, steps: int) -> None:
        """Its applier, for so many steps or until it is killed."""
        self.running = replica
        settings = ApplierSettings(
            "simulated",
            replica.root,
            "",
            {"world": self},
            poll_records_near=self.profile.poll_records_max,
            poll_records_max=self.profile.poll_records_max,
            probe_interval_s=self.profile.probe_interval_s,
        )
        try:
            kill = run_applier(settings, Steps(steps, lambda: self._waited(replica), self.clock))
        finally:
            self.running = None
        if kill is not None:
            self.faults.observe(kill.fault)
            if replica.path in self.disks:
                self.disks[replica.path].locked = False

    def _waited(self, replica: Replica) -> None:
        """The applier has met an error and tries again: the last one that was raised, if it was of ours."""
        if replica.raised:
            fault = replica.raised.pop()
            assert isinstance(fault, Fault)
            self.faults.observe(fault)

    # The end.

    def bring_all(self) -> None:
        """Everything that is still to come, and the jobs to their ends; nothing breaks any more."""
        self.settling = True
        self.fetch_max = CALM.fetch_max
        while self._inputs:
            self.feed()
        for incoming in self._last:
            self.arrive(incoming)
        while self._told:
            self.tell()
        for job in (self.news_job, self.click_job):
            job.finish()
