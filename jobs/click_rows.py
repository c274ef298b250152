"""The rows that the click job writes: finished, each with the topic's name and its key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from struct import Struct

import orjson
from pyflink.common import Row, Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import OutputTag

from jobs import uids
from jobs.click_batches import Batch
from jobs.refusals import refusal_columns
from udfs.alerts import Alert, alert_row
from udfs.batch_tier import pack_matches, shard_of
from udfs.decode import Reason, Refused
from udfs.patterns import LateClick, Match
from udfs.topics import CLICKS, CONTROL

ROW_TYPE: RowTypeInfo = Types.ROW_NAMED(
    ["sink", "key", "value"], [Types.STRING(), Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())]
)
"""`sink` is one of `jobs.uids`: alerts, dead letters or late."""
MATCHES = OutputTag(uids.MATCHES, Types.ROW([Types.PRIMITIVE_ARRAY(Types.BYTE())]))
"""Rows (parts), a stream of their own: through SQL they would lose the watermark that decides about them."""
PART = Struct(">ii")
"""Heads a part: the number of a shard, and the length of its packed matches."""

DETAIL_CHARS_MAX = 1_000
SHARDS = 4
"""Users and coupons fall into so many keys; part of the state's layout."""


def alert_rows(alerts: list[Alert], decided_at_ms: int) -> Iterator[Row]:
    """Upserts for the topic `alerts`."""
    for alert in alerts:
        yield Row(uids.ALERTS, alert.alert_id, alert_row(alert, decided_at_ms))


def dead_letter_rows(partition: int, batch: Batch) -> Iterator[Row]:
    """The refused records of a batch."""
    for one in batch.refused:
        yield dead_letter_row(CLICKS, partition, one.offset, one.refused, one.payload)


def dead_letter_row(topic: str, partition: int, offset: int, refused: Refused, payload: bytes | None) -> Row:
    """A record that was refused, keyed by where it lies."""
    reason, detail, digest, packed = refusal_columns(refused, payload)
    fields = {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "reason": reason,
        "detail": detail,
        "payload_sha256": digest,
        "payload": packed,
    }
    return Row(uids.DEAD_LETTERS, f"{topic}/{partition}/{offset}", orjson.dumps(fields))


def control_letter(partition: int, offset: int, why: str, payload: bytes | None) -> Row:
    """A record of `control` that should be a rule and is not."""
    detail = why.encode("ascii", "backslashreplace").decode("ascii")[:DETAIL_CHARS_MAX]
    return dead_letter_row(CONTROL, partition, offset, Refused(Reason.BAD_FIELD, detail), payload)


def late_rows(partition: int, batch: Batch, late: list[LateClick]) -> Iterator[Row]:
    """The clicks of a batch that came late, keyed by where they lie."""
    for one in late:
        click, offset = batch.clicks[one.at], batch.offsets[one.at]
        fields = {
            "topic": CLICKS,
            "partition": partition,
            "offset": offset,
            "session_id": click.session_id,
            "event_id": click.event_id,
            "event_time": click.event_time_ms,
            "lateness_ms": one.lateness_ms,
            "counted": one.counted,
        }
        yield Row(uids.LATE, f"{CLICKS}/{partition}/{offset}", orjson.dumps(fields))


def match_rows(matches: list[Match]) -> Iterator[tuple[OutputTag, Row]]:
    """Clicks that rules across sessions count, if there are any: one row, since each crosses into the JVM by itself.

    It holds a part for each shard of users and coupons.
    """
    shards: defaultdict[int, list[Match]] = defaultdict(list)
    for match in matches:
        shards[shard_of(match, SHARDS)].append(match)
    packed = ((shard, pack_matches(members)) for shard, members in shards.items())
    if matches:
        yield MATCHES, Row(b"".join(PART.pack(shard, len(part)) + part for shard, part in packed))
