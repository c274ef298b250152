"""The Python in the middle of the click job: batches of one input partition in, alerts out, rules by broadcast."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyflink.common import Row
from pyflink.datastream import KeyedBroadcastProcessFunction, OutputTag, RuntimeContext, TimeDomain

from jobs.click_batches import read_batch
from jobs.click_engines import Engines, now_ms
from jobs.click_rows import alert_rows, control_letter, dead_letter_rows, late_rows, match_rows
from jobs.click_rules import RulesInForce
from udfs.chunks import pack
from udfs.inference.cascade import load_cascade
from udfs.patterns import KEEP_MS, Partition
from udfs.pseudonyms import load_pseudonyms
from udfs.rulebook import Rulebook, RuleError

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


class DecideClicks(KeyedBroadcastProcessFunction[str, Row, Row, Row]):
    """Decodes each batch of an input partition, lets the engine decide, and logs what it accepted.

    State is that log, one chunk a batch, for as long as the engine remembers. The engine itself stands in memory and is
    rebuilt from the log when its partition's first batch comes, so a batch costs one access of state, not one a click.
    """

    def __init__(self, settings: ClickSettings) -> None:
        self._settings = settings

    def open(self, runtime_context: RuntimeContext) -> None:
        """Loads the key and the models, declares the state."""
        gc.disable()  # A batch says when, and what need not be looked through.
        self._pseudonyms = load_pseudonyms(self._settings.pseudonym_key)
        self._score = load_cascade(self._settings.models).score_attempt if self._settings.cascade else None
        self._engines = Engines(runtime_context, RulesInForce(self._settings.rules), self._rebuilt)

    def _rebuilt(self, rulebook: Rulebook, chunks: list[bytes], watermark_ms: int) -> Partition:
        return Partition.rebuild(rulebook, chunks, watermark_ms, self._score)

    def process_element(
        self, value: Row, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterator[Row | tuple[OutputTag, Row]]:
        """A batch: the partition's number, the heads of its records and their values, as `read_batch` takes them.

        Cycles are looked for in what came up between batches. What a batch makes holds none, and millions of clicks
        are remembered: to look through them would stop everything for tenths of a second.
        """
        gc.collect(0)
        number, heads, values = value
        held = yield from self._engines.of(ctx)
        held.batches += 1
        batch = read_batch(heads, values, self._pseudonyms)
        yield from dead_letter_rows(number, batch)
        outcome = held.engine.add(batch.clicks)
        if outcome.accepted:
            held.log.append(held.engine.latest_ms, pack(outcome.accepted))
            held.log.drop(held.engine.latest_ms - KEEP_MS)
        held.arm(ctx)
        yield from alert_rows(outcome.alerts, now_ms())
        yield from late_rows(number, batch, outcome.late)
        yield from match_rows(outcome.matches)
        gc.freeze()

    def process_broadcast_element(self, value: Row, ctx: KeyedBroadcastProcessFunction.Context) -> Iterator[Row]:
        """A record of `control`: (partition, offset, value); what it changes is decided again."""
        partition, offset, payload = value
        try:
            yield from self._engines.tell(payload, ctx)
        except RuleError as error:
            yield control_letter(partition, offset, str(error), payload)

    def on_timer(self, _timestamp: int, ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Iterator[Row]:
        """The watermark has passed an absence's end: decide it where the partition is idle, else its clicks will.

        Clicks that wait in a batch have not been seen yet though the watermark has passed them; hence the wait.
        """
        held = yield from self._engines.of(ctx)
        if held.engine.deadline_ms is None:
            return
        if ctx.time_domain() == TimeDomain.EVENT_TIME or held.asked != held.batches:
            held.asked = held.batches
            ctx.timer_service().register_processing_time_timer(now_ms() + QUIET_MS)
            return
        yield from self._engines.advance(held, ctx)
