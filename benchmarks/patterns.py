"""What the pattern engine costs a click, whatever its session holds; processor time, without Kafka and Flink."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from random import Random

import orjson
import psutil

from benchmarks.fraud_bench import RATES
from benchmarks.report import Figure
from udfs.clicks import Click, Kind, decode_click
from udfs.patterns import KEEP_MS, Partition, pack
from udfs.pseudonyms import Pseudonyms
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion
from udfs.rules import RULE

START_MS = 1_700_000_000_000
SPAN_MS = 600_000
BATCH = 1_000
CLICKS = 100_000
PER_SESSION = (10, 1_000, 100_000)
REPEATS = 3
REMEMBERED, VISITS = 300_000, 15_000
"""Clicks, and the visits that they are of, in the 15 minutes that are remembered."""
NEVER = 1_000_000
ATTEMPTS = 20
"""One click in so many is a coupon attempt: a late click has those behind it decided again, whatever lies between."""


def counting_rule() -> Rulebook:
    """The reference rule with a bound that nothing reaches: all is counted, no alert is written."""
    fields = {
        "name": "counting",
        "why": "Counts views of high-value items",
        "trigger": {"kind": "coupon_attempt"},
        "when": [{"count": {"kind": "view", "price": {"min": 200}}, "more_than": NEVER, "within": "2m"}],
    }
    rule = RULE.validate_python(fields)
    return Rulebook().with_history(RuleHistory(rule.name, (RuleVersion(1, 0, rule),)))


def clicks(per_session: int, attempts: int, count: int = CLICKS, seed: int = 1) -> list[Click]:
    """Clicks of sessions of one size over ten minutes, a tenth in disorder, one in `attempts` a coupon attempt."""
    rng = Random(seed)
    made = []
    for number in range(count):
        session = f"session-{rng.randrange(count // per_session)}"
        late_ms = rng.randrange(5_000) if rng.randrange(10) == 0 else 0
        time_ms = START_MS + number * SPAN_MS // count - late_ms
        attempt = attempts and number % attempts == 0
        price = None if attempt else rng.randrange(1_000_000, 400_000_000)
        kind: Kind = "coupon_attempt" if attempt else "view"
        item, coupon = f"item-{number % 900}", "SAVE10" if attempt else ""
        made.append(Click(session, f"event-{number}", time_ms, kind, "u:0123456789abcdef", item, price, coupon))
    return made


def cost_us(stream: Sequence[Click], rulebook: Rulebook) -> float:
    """Microseconds a click in `Partition.add`, in batches; the best of a few runs."""
    return min(_run_us(stream, rulebook) for _ in range(REPEATS))


def _run_us(stream: Sequence[Click], rulebook: Rulebook) -> float:
    partition = Partition(rulebook)
    gc.collect()
    start = time.process_time()
    for at in range(0, len(stream), BATCH):
        partition.add(stream[at : at + BATCH])
    return (time.process_time() - start) * 1e6 / len(stream)


def decode_us(stream: Sequence[Click]) -> float:
    """Microseconds to decode a click."""
    pseudonyms = Pseudonyms(b"0123456789abcdef")
    values = [_json(click) for click in stream]
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        for value in values:
            decode_click(value, START_MS, pseudonyms)
        best = min(best, (time.process_time() - start) * 1e6 / len(values))
    return best


def _json(click: Click) -> bytes:
    fields = {
        "session_id": click.session_id,
        "event_id": click.event_id,
        "event_time": click.event_time_ms,
        "kind": click.kind,
        "user_id": f"user-{hash(click.session_id) % 9_000}",
        "item_id": click.item_id,
        "price": None if click.price_micro is None else click.price_micro / 1e6,
    }
    return orjson.dumps({**fields, "coupon": click.coupon} if click.coupon else fields)


def pack_us(stream: Sequence[Click]) -> float:
    """Microseconds a click to write chunks."""
    start = time.process_time()
    for at in range(0, len(stream), BATCH):
        pack(stream[at : at + BATCH])
    return (time.process_time() - start) * 1e6 / len(stream)


def bytes_a_click() -> float:
    """Resident bytes for each click that is remembered, once event time has gone on for twice as long."""
    pseudonyms, partition, process = Pseudonyms(b"0123456789abcdef"), Partition(Rulebook.built_in()), psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    for at in range(0, 2 * REMEMBERED, BATCH):
        decoded = [decode_click(_visited(number), START_MS, pseudonyms) for number in range(at, at + BATCH)]
        partition.add([click for click in decoded if isinstance(click, Click)])
    return (process.memory_info().rss - before) / REMEMBERED


def _visited(number: int) -> bytes:
    """A click of one of the visits that go on at a time, each of 20 clicks and 5 minutes."""
    place, time_ms = number * 7_919 % (VISITS // 3), START_MS + number * KEEP_MS // REMEMBERED
    visit = place + (time_ms + place * 450) // 300_000 * VISITS
    kind: Kind = "coupon_attempt" if number % (20 * ATTEMPTS) == 0 else "view"
    click = Click(
        f"session-{visit}", f"event-{number}", time_ms, kind, "", f"item-{number % 900}", number % 200_000_000
    )
    return _json(click)


def figures() -> list[Figure]:
    """The engine's costs, each beside that of sessions of ten clicks."""
    quiet = cost_us(clicks(10, 0), Rulebook.built_in())
    found = [
        Figure(RATES, "engine_decode", decode_us(clicks(10, 20)), "us/click"),
        Figure(RATES, "engine_irrelevant", quiet, "us/click"),
        Figure(RATES, "engine_pack", pack_us(clicks(10, 20)), "us/click"),
        Figure(RATES, "engine_memory", bytes_a_click(), "bytes/click"),
    ]
    rulebook = counting_rule()
    costs = {size: cost_us(clicks(size, ATTEMPTS), rulebook) for size in PER_SESSION}
    smallest = costs[PER_SESSION[0]]
    for size, cost in costs.items():
        found.append(Figure(RATES, f"engine_session_of_{size}", cost, "us/click", cost / smallest, "session_of_10"))
    return found


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
