import base64
import hashlib

import orjson
from pyflink.common import Row

from jobs import uids
from jobs.click_batches import read_batch
from jobs.click_rows import (
    DETAIL_CHARS_MAX,
    MATCHES,
    PART,
    SHARDS,
    alert_rows,
    control_letter,
    dead_letter_rows,
    late_rows,
    match_rows,
)
from tests.jobs.test_click_batches import T0, packed, value
from tests.oracles.alerts import make_alert
from udfs.alerts import alert_row
from udfs.batch_tier import shard_of, unpack_matches
from udfs.clicks import Click
from udfs.patterns import LateClick, Match
from udfs.topics import CLICKS, CONTROL


def fields(row: Row) -> tuple[str, str, dict[str, object]]:
    sink, key, written = row
    return sink, key, orjson.loads(written)


def test_alerts_are_upserts_of_their_ids() -> None:
    alert = make_alert("a1")
    assert list(alert_rows([alert], 5)) == [Row(uids.ALERTS, "a1", alert_row(alert, 5))]


def test_a_refused_click_says_where_it_lies_and_what_it_was() -> None:
    batch = read_batch(*packed((7, value("a")), (9, b"no click")), str)
    (row,) = dead_letter_rows(3, batch)
    sink, key, written = fields(row)
    assert (sink, key) == (uids.DEAD_LETTERS, "clicks/3/9")
    assert (written["topic"], written["partition"], written["offset"]) == (CLICKS, 3, 9)
    assert written["payload"] == base64.b64encode(b"no click").decode()
    assert written["payload_sha256"] == hashlib.sha256(b"no click").hexdigest()


def test_a_late_click_keeps_the_offset_of_its_record() -> None:
    batch = read_batch(*packed((9, b"no click"), (10, value("a")), (12, value("b", T0 + 1))), str)
    ((sink, key, written),) = map(fields, late_rows(0, batch, [LateClick(1, 61_000, counted=True)]))
    assert (sink, key) == (uids.LATE, "clicks/0/12")
    assert written == {
        "topic": CLICKS,
        "partition": 0,
        "offset": 12,
        "session_id": "s",
        "event_id": "b",
        "event_time": T0 + 1,
        "lateness_ms": 61_000,
        "counted": True,
    }


def test_what_is_wrong_with_a_rule_is_said_in_ascii_and_briefly() -> None:
    _, key, written = fields(control_letter(0, 4, "ü" * DETAIL_CHARS_MAX, None))
    detail = str(written["detail"])
    assert key == f"{CONTROL}/0/4"
    assert detail.isascii()
    assert len(detail) == DETAIL_CHARS_MAX
    assert written["payload"] == ""


def test_matches_go_by_shard_and_none_is_lost() -> None:
    users = [f"u:{number}" for number in range(50)]
    matches = [Match("user", user, Click("s", "e", 5, "coupon_attempt", user)) for user in users]
    [(tag, (parts,))] = match_rows(matches)
    assert tag == MATCHES
    found, start = {}, 0
    while start < len(parts):
        shard, length = PART.unpack_from(parts, start)
        start += PART.size + length
        found[shard] = unpack_matches(parts[start - length : start])
    assert sorted(found) == list(range(SHARDS))
    assert sorted(match for members in found.values() for match in members) == sorted(matches)
    assert all(shard == shard_of(match, SHARDS) for shard, members in found.items() for match in members)


def test_no_matches_are_no_row() -> None:
    assert list(match_rows([])) == []
