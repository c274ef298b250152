"""What both Python operators of the click job do: an engine a key, rebuilt from its log, told of rules, woken."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pyflink.common import Row, Types
from pyflink.datastream import KeyedBroadcastProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from jobs import uids
from jobs.click_log import Log, chunks_state
from jobs.click_rows import alert_rows
from jobs.click_rules import RULES, RulesInForce
from udfs.alerts import Alert

# Both operators load what is native in the models, whichever opens first: the job was seen to wait for ever where the
# second thread that runs Python in a JVM loaded onnxruntime.
from udfs.inference import cascade as _cascade  # noqa: F401 - for what it loads
from udfs.rulebook import Rulebook


class Engine(Protocol):
    """The pure core of an operator."""

    @property
    def deadline_ms(self) -> int | None:
        """The watermark at which it has something to decide."""

    def put(self, rulebook: Rulebook) -> list[Alert]:
        """Take other rules."""

    def advance(self, watermark_ms: int) -> list[Alert]:
        """Decide what ends at or before the watermark."""


E = TypeVar("E", bound=Engine)
Rebuild = Callable[[Rulebook, list[bytes], int], E]
"""An engine from the rules, the chunks and the watermark of a checkpoint."""


@dataclass(slots=True)
class Held(Generic[E]):
    """An engine in memory and the log that it is an index of.

    `armed_ms` is the time of the last timer, `batches` counts those that came, `asked` at which count of batches a
    timer began to wait for quiet.
    """

    engine: E
    log: Log
    armed_ms: int = -1
    batches: int = 0
    asked: int = -1

    def arm(self, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> None:
        """Have the watermark call when the engine next has something to decide."""
        deadline_ms = self.engine.deadline_ms
        if deadline_ms is not None and deadline_ms != self.armed_ms:
            self.armed_ms = deadline_ms
            ctx.timer_service().register_event_time_timer(deadline_ms)


class Engines(Generic[E]):
    """The engines of an operator by key."""

    def __init__(self, runtime_context: RuntimeContext, rules: RulesInForce, rebuild: Rebuild[E]) -> None:
        self._chunks = chunks_state(runtime_context)
        self._watermark = runtime_context.get_state(ValueStateDescriptor(uids.WATERMARK_STATE, Types.LONG()))
        self._rules = rules
        self._rebuild = rebuild
        self._held: dict[str, Held[E]] = {}

    def of(self, ctx: KeyedBroadcastProcessFunction.ReadOnlyContext) -> Generator[Row, None, Held[E]]:
        """The engine of the current key, rebuilt from its log where need be; yields what newer rules change."""
        key: str = ctx.get_current_key()
        held = self._held.get(key)
        if held is None:
            self._rules.begin(ctx.get_broadcast_state(RULES))
            log = Log(self._chunks)
            watermark_ms = self._watermark.value()
            before_ms = -1 if watermark_ms is None else watermark_ms
            held = self._held[key] = Held(self._rebuild(self._rules.checkpointed, log.read(), before_ms), log)
            yield from alert_rows(held.engine.put(self._rules.book), now_ms())
        return held

    def tell(self, payload: bytes | None, ctx: KeyedBroadcastProcessFunction.Context) -> Iterator[Row]:
        """Take a record of `control`; yields what it changes. Raises RuleError where it is a broken rule."""
        changed = self._rules.take(payload, ctx.get_broadcast_state(RULES))
        for held in self._held.values() if changed else ():
            yield from alert_rows(held.engine.put(self._rules.book), now_ms())

    def advance(self, held: Held[E], ctx: KeyedBroadcastProcessFunction.OnTimerContext) -> Iterator[Row]:
        """Tell an engine of the watermark."""
        watermark_ms = ctx.timer_service().current_watermark()
        self._watermark.update(watermark_ms)
        yield from alert_rows(held.engine.advance(watermark_ms), now_ms())
        held.arm(ctx)


def now_ms() -> int:
    """The clock, for `decided_at` and for timers of it: nothing is decided by it."""
    return time.time_ns() // 1_000_000
