"""The batch tier in the click job: matches of all sessions by user or coupon, decided each 5 seconds of event time."""

from __future__ import annotations

from collections.abc import Iterator

from pyflink.common import Row
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext

from jobs.click_engines import Engines, now_ms
from jobs.click_rows import alert_rows
from jobs.click_rules import RulesInForce
from jobs.match_batches import read_matches
from udfs.batch_tier import KEEP_MS, Rates, pack_matches
from udfs.rulebook import RuleError


class DecideAcross(KeyedBroadcastProcessFunction[str, bytes, Row, Row]):
    """Keeps the matches of each shard as a log and decides their windows when the watermark passes."""

    def __init__(self, rules: tuple[bytes, ...]) -> None:
        self._starting = rules

    def open(self, runtime_context: RuntimeContext) -> None:
        """Declares the state."""
        self._engines = Engines(runtime_context, RulesInForce(self._starting), Rates.rebuild)

    def process_element(self, value: bytes, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Iterator[Row]:
        """Matches of one shard, as `read_matches` takes them."""
        held = yield from self._engines.of(ctx)
        matches = list(read_matches(value))
        held.log.append(max(match.click.event_time_ms for match in matches), pack_matches(matches))
        yield from alert_rows(held.engine.add(matches), now_ms())
        held.arm(ctx)

    def process_broadcast_element(self, value: Row, ctx: KeyedBroadcastProcessFunction.Context) -> Iterator[Row]:
        """A record of `control`: (partition, offset, value); broken ones are the first operator's dead letters."""
        _partition, _offset, payload = value
        try:
            yield from self._engines.tell(payload, ctx)
        except RuleError:
            return

    def on_timer(self, _timestamp: int, ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Iterator[Row]:
        """The watermark has passed the end of a window; what still comes for it updates its alerts."""
        held = yield from self._engines.of(ctx)
        yield from self._engines.advance(held, ctx)
        held.log.drop(held.engine.watermark_ms - KEEP_MS)
