"""The Python in the middle of the click job: batches of one input partition in, alerts out, rules by broadcast."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, OutputTag, RuntimeContext, TimeDomain
from pyflink.datastream.state import ValueStateDescriptor

from jobs import uids
from jobs.click_batches import read_batch
from jobs.click_log import Log, chunks_state
from jobs.click_rows import alert_rows, control_letter, dead_letter_rows, late_rows, match_rows
from jobs.click_rules import RULES, RulesInForce
from udfs.chunks import pack
from udfs.inference.cascade import load_cascade
from udfs.patterns import KEEP_MS, Partition
from udfs.pseudonyms import load_pseudonyms
from udfs.rulebook import RuleError

GC_THRESHOLDS = (50_000, 50, 1_000_000)
"""Clicks hold no cycles: looking for some among all that are remembered would take a fifth of the time."""
QUIET_MS = 1_000
"""A partition is idle once nothing came for so long after the watermark has passed an absence's end."""


@dataclass(frozen=True, slots=True)
class ClickSettings:
    """What the operators are told; files, since a secret must not travel in a job's graph.

    `rules` are those of `control` at the start, as its values. Without `cascade` no model scores attempts.
    """

    pseudonym_key: Path
    rules: tuple[bytes, ...] = ()
    models: Path | None = None
    cascade: bool = True


@dataclass(slots=True)
class Held:
    """A partition in memory and the log that it is an index of.

    `batches` counts those that came, `armed_ms` is the time of the last timer, `asked` at which count of batches a
    timer began to wait for quiet.
    """

    partition: Partition
    log: Log
    batches: int = 0
    armed_ms: int = -1
    asked: int = -1


class DecideClicks(KeyedBroadcastProcessFunction[str, Row, Row, Row]):
    """Decodes each batch of an input partition, lets the engine decide, and logs what it accepted.

    State is that log, one chunk a batch, for as long as the engine remembers. The engine itself stands in memory and is
    rebuilt from the log when its partition's first batch comes, so a batch costs one access of state, not one a click.
    """

    def __init__(self, settings: ClickSettings) -> None:
        self._settings = settings

    def open(self, runtime_context: RuntimeContext) -> None:
        """Loads the key and the models, declares the state."""
        gc.set_threshold(*GC_THRESHOLDS)
        self._pseudonyms = load_pseudonyms(self._settings.pseudonym_key)
        self._score = load_cascade(self._settings.models).score_attempt if self._settings.cascade else None
        self._chunks = chunks_state(runtime_context)
        self._watermark = runtime_context.get_state(ValueStateDescriptor(uids.WATERMARK_STATE, Types.LONG()))
        self._rules = RulesInForce(self._settings.rules)
        self._held: dict[int, Held] = {}

    def process_element(
        self, value: Row, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterator[Row | tuple[OutputTag, Row]]:
        """A batch: the partition's number and its records as `read_batch` takes them."""
        number, text = value
        held = yield from self._of(number, ctx)
        held.batches += 1
        batch = read_batch(text, self._pseudonyms)
        yield from dead_letter_rows(number, batch)
        outcome = held.partition.add(batch.clicks)
        if outcome.accepted:
            held.log.append(held.partition.latest_ms, pack(outcome.accepted))
            held.log.drop(held.partition.latest_ms - KEEP_MS)
        _arm(held, ctx)
        yield from alert_rows(outcome.alerts, now_ms())
        yield from late_rows(number, batch, outcome.late)
        yield from match_rows(outcome.matches)

    def process_broadcast_element(self, value: Row, ctx: KeyedBroadcastProcessFunction.Context) -> Iterator[Row]:
        """A record of `control`: (partition, offset, value); what it changes is decided again."""
        partition, offset, payload = value
        try:
            changed = self._rules.take(payload, ctx.get_broadcast_state(RULES))
        except RuleError as error:
            yield control_letter(partition, offset, str(error), payload)
            return
        for held in self._held.values() if changed else ():
            yield from alert_rows(held.partition.put(self._rules.book).alerts, now_ms())

    def on_timer(self, _timestamp: int, ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Iterator[Row]:
        """The watermark has passed an absence's end: decide it where the partition is idle, else its clicks will.

        Clicks that wait in a batch have not been seen yet though the watermark has passed them; hence the wait.
        """
        held = yield from self._of(partition_of(ctx.get_current_key()), ctx)
        if held.partition.deadline_ms is None:
            return
        if ctx.time_domain() == TimeDomain.EVENT_TIME or held.asked != held.batches:
            held.asked = held.batches
            ctx.timer_service().register_processing_time_timer(now_ms() + QUIET_MS)
            return
        watermark_ms = ctx.timer_service().current_watermark()
        self._watermark.update(watermark_ms)
        yield from alert_rows(held.partition.advance(watermark_ms).alerts, now_ms())
        _arm(held, ctx)

    def _of(self, number: int, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Generator[Row, None, Held]:
        """The partition of the current key, rebuilt from its log where need be; yields what newer rules change."""
        held = self._held.get(number)
        if held is None:
            self._rules.begin(ctx.get_broadcast_state(RULES))
            log = Log(self._chunks)
            watermark_ms = self._watermark.value()
            before_ms = -1 if watermark_ms is None else watermark_ms
            partition = Partition.rebuild(self._rules.checkpointed, log.read(), before_ms, self._score)
            held = self._held[number] = Held(partition, log)
            yield from alert_rows(partition.put(self._rules.book).alerts, now_ms())
        return held


def _arm(held: Held, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> None:
    """Have the watermark call when the next absence ends."""
    deadline_ms = held.partition.deadline_ms
    if deadline_ms is not None and deadline_ms != held.armed_ms:
        held.armed_ms = deadline_ms
        ctx.timer_service().register_event_time_timer(deadline_ms)


def partition_of(key: str) -> int:
    """The number of an input partition out of its key, TOPIC/PARTITION/SALT."""
    return int(key.split("/")[1])


def now_ms() -> int:
    """The clock, for `decided_at` and for timers of it: nothing is decided by it."""
    return time.time_ns() // 1_000_000
