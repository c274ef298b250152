"""The batch tier in the click job: matches of all sessions by user or coupon, decided each 5 seconds of event time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from jobs import uids
from jobs.click_log import Log, chunks_state
from jobs.click_operators import now_ms
from jobs.click_rows import alert_rows
from jobs.click_rules import RULES, RulesInForce
from udfs.batch_tier import KEEP_MS, Rates, unpack_matches
from udfs.rulebook import RuleError


@dataclass(slots=True)
class Shard:
    """A shard of users and coupons in memory and the log that it is an index of.

    `latest_ms` is the highest event time so far, `armed_ms` the time of the last timer.
    """

    rates: Rates
    log: Log
    latest_ms: int = 0
    armed_ms: int = -1


class DecideAcross(KeyedBroadcastProcessFunction[str, bytes, Row, Row]):
    """Keeps the matches of each shard as a log and decides their windows when the watermark passes."""

    def __init__(self, rules: tuple[bytes, ...]) -> None:
        self._starting = rules

    def open(self, runtime_context: RuntimeContext) -> None:
        """Declares the state."""
        self._chunks = chunks_state(runtime_context)
        self._watermark = runtime_context.get_state(ValueStateDescriptor(uids.WATERMARK_STATE, Types.LONG()))
        self._rules = RulesInForce(self._starting)
        self._shards: dict[str, Shard] = {}

    def process_element(self, value: bytes, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Iterator[Row]:
        """Matches of one shard, as `pack_matches` writes them."""
        shard = yield from self._of(ctx)
        matches = unpack_matches(value)
        shard.latest_ms = max(shard.latest_ms, *(match.click.event_time_ms for match in matches))
        shard.log.append(shard.latest_ms, value)
        yield from alert_rows(shard.rates.add(matches), now_ms())
        _arm(shard, ctx)

    def process_broadcast_element(self, value: Row, ctx: KeyedBroadcastProcessFunction.Context) -> Iterator[Row]:
        """A record of `control`: (partition, offset, value); broken ones are the first operator's dead letters."""
        _partition, _offset, payload = value
        try:
            changed = self._rules.take(payload, ctx.get_broadcast_state(RULES))
        except RuleError:
            return
        for shard in self._shards.values() if changed else ():
            yield from alert_rows(shard.rates.put(self._rules.book), now_ms())

    def on_timer(self, _timestamp: int, ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Iterator[Row]:
        """The watermark has passed the end of a window; what still comes for it updates its alerts."""
        shard = yield from self._of(ctx)
        watermark_ms = ctx.timer_service().current_watermark()
        self._watermark.update(watermark_ms)
        yield from alert_rows(shard.rates.advance(watermark_ms), now_ms())
        shard.log.drop(watermark_ms - KEEP_MS)
        _arm(shard, ctx)

    def _of(self, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Generator[Row, None, Shard]:
        """The shard of the current key, rebuilt from its log where need be; yields what newer rules change."""
        key: str = ctx.get_current_key()
        shard = self._shards.get(key)
        if shard is None:
            self._rules.begin(ctx.get_broadcast_state(RULES))
            log = Log(self._chunks)
            chunks = log.read()
            watermark_ms = self._watermark.value()
            before_ms = -1 if watermark_ms is None else watermark_ms
            rates = Rates.rebuild(self._rules.checkpointed, chunks, before_ms)
            shard = self._shards[key] = Shard(rates, log, log.latest_ms)
            yield from alert_rows(rates.put(self._rules.book), now_ms())
        return shard


def _arm(shard: Shard, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> None:
    """Have the watermark call when the next window ends."""
    deadline_ms = shard.rates.deadline_ms
    if deadline_ms is not None and deadline_ms != shard.armed_ms:
        shard.armed_ms = deadline_ms
        ctx.timer_service().register_event_time_timer(deadline_ms)
