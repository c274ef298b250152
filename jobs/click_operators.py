"""The Python in the middle of the click job: batches of one input partition in, alerts out, rules by broadcast."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyflink.common import Row
from pyflink.datastream import KeyedBroadcastProcessFunction, OutputTag, RuntimeContext, TimeDomain

from jobs.click_batches import read_batch
from jobs.click_engines import Engines, Held, now_ms
from jobs.click_rows import alert_rows, control_letter, dead_letter_rows, late_rows, match_rows
from jobs.click_rules import RulesInForce
from udfs.chunks import pack
from udfs.clicks import Click
from udfs.inference.cascade import load_cascade
from udfs.patterns import KEEP_MS, Partition
from udfs.pseudonyms import load_pseudonyms
from udfs.rulebook import Rulebook, RuleError

CHUNK_CLICKS = 2_000
"""So many clicks are written down at once, some milliseconds of work, where no checkpoint comes before."""
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

    State is that log, in chunks of many clicks, for as long as the engine remembers; what is in none yet becomes one in
    front of each checkpoint. The engine itself stands in memory and is rebuilt from the log when its partition's first
    batch comes, so that few batches cost an access of state.
    """

    def __init__(self, settings: ClickSettings) -> None:
        self._settings = settings

    def open(self, runtime_context: RuntimeContext) -> None:
        """Loads the key and the models, declares the state."""
        gc.disable()  # A batch says when, and what need not be looked through.
        self._pseudonyms = load_pseudonyms(self._settings.pseudonym_key)
        self._score = load_cascade(self._settings.models).score_attempt if self._settings.cascade else None
        self._engines = Engines(runtime_context, RulesInForce(self._settings.rules), self._rebuilt)
        self._unsaved: defaultdict[int, list[Click]] = defaultdict(list)

    def _rebuilt(self, rulebook: Rulebook, chunks: list[bytes], watermark_ms: int) -> Partition:
        return Partition.rebuild(rulebook, chunks, watermark_ms, self._score)

    def process_element(
        self, value: Row, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext
    ) -> Iterator[Row | tuple[OutputTag, Row]]:
        """A batch: the partition's number and the four columns that `read_batch` takes, empty ones before a checkpoint.

        Cycles are looked for in what came up between batches. What a batch makes holds none, and millions of clicks
        are remembered: to look through them would stop everything for tenths of a second.
        """
        gc.collect(0)
        number, heads, texts, other_heads, other_values = value
        held = yield from self._engines.of(ctx)
        if not heads and not other_heads:
            self._save(number, held)
            return
        held.batches += 1
        batch = read_batch(heads, texts, other_heads, other_values, self._pseudonyms)
        yield from dead_letter_rows(number, batch)
        outcome = held.engine.add(batch.clicks)
        self._unsaved[number] += outcome.accepted
        if len(self._unsaved[number]) >= CHUNK_CLICKS:
            self._save(number, held)
        held.arm(ctx)
        yield from alert_rows(outcome.alerts, now_ms())
        yield from late_rows(number, batch, outcome.late)
        yield from match_rows(outcome.matches)
        gc.freeze()

    def _save(self, number: int, held: Held[Partition]) -> None:
        """Write down what a partition accepted since, and drop what is too old."""
        if clicks := self._unsaved.pop(number, None):
            held.log.append(held.engine.latest_ms, pack(clicks))
            held.log.drop(held.engine.latest_ms - KEEP_MS)

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
