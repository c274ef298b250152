"""Clicks in, alerts out: a real broker, a real job whose Python runs in Flink's threads, real RocksDB state."""

import hashlib
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from jobs import uids
from tests.e2e.click_system import T0, ClickSystem, attempt, click, click_broker, kill_all, views
from udfs.clicks import Click, decode_click
from udfs.decode import Reason
from udfs.topics import CLICK_FRAUD, CLICKS, CONTROL, DEAD_LETTERS, LATE
from wiregraph import jobs_control, processes
from wiregraph.producing import Outgoing

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(900)]

FUZZED = 10_000
MINUTE_MS = 60_000
# A uid names an operator's state in savepoints: these are Flink's ids of them, and must never change.
VERTICES = {
    uids.DECIDE_CLICKS: "59f8752a42a159eee0c89f50f24aa510",
    uids.DECIDE_ACROSS: "014f6dc0f07351594580d0e1fb0d81c7",
}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickSystem]:
    with click_broker(tmp_path_factory.mktemp("clicks") / "stack") as system:
        system.start_job()
        yield system


def at(minutes: float) -> int:
    """Each test has its own hour of event time, so that none is late for another."""
    return T0 + int(minutes * MINUTE_MS)


def flink(system: ClickSystem, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    (job,) = jobs_control.list_jobs(system.directory)
    with urllib.request.urlopen(f"http://{job.rest}/jobs/{job.job_id}{path}", timeout=10) as response:
        return json.load(response)


def test_the_reference_rule(system: ClickSystem) -> None:
    system.send([*views("five", at(0), 5), attempt("five", at(1)), *views("six", at(0), 6), attempt("six", at(1))])
    alert = system.alert_of("six")
    assert alert["evidence"] == [*(f"six-{number}" for number in range(6)), "six-c"]
    assert (alert["state"], alert["tier"], alert["version"]) == ("open", "core", 7)
    assert alert["user"].startswith("u:")
    assert not [one for one in system.alerts().values() if one["session_id"] == "five"]


def test_a_late_view_updates_its_alert(system: ClickSystem) -> None:
    start = at(60)
    system.send([*views("late", start, 6), attempt("late", start + 30_000)])
    first = system.alert_of("late", version=7)
    system.send([click("late", "ahead", start + 100_000, "view"), click("late", "x", start + 500, "view", price=200)])
    second = system.alert_of("late", version=8)
    assert first["alert_id"] == second["alert_id"]
    assert second["evidence"][1] == "late-x"
    (row,) = system.await_rows(LATE, lambda rows: len(rows) >= 1)
    assert (row["event_id"], row["lateness_ms"], row["counted"]) == ("late-x", 99_500, True)


def test_disorder_and_duplicates_change_nothing(system: ClickSystem) -> None:
    start = at(120)
    records = [*views("mixed", start, 6), *views("mixed", start, 3), attempt("mixed", start + 30_000)]
    Random(3).shuffle(records)
    system.send([*records, *records])
    assert system.alert_of("mixed", version=7)["evidence"] == [*(f"mixed-{number}" for number in range(6)), "mixed-c"]


def test_a_click_that_is_too_late_counts_no_more(system: ClickSystem) -> None:
    start = at(180)
    system.send([click("old", "ahead", start + 301_000, "view"), click("old", 0, start, "view", price=300)])
    rows = system.await_rows(LATE, lambda rows: any(row["event_id"] == "old-0" for row in rows))
    assert [row["counted"] for row in rows if row["event_id"] == "old-0"] == [False]


def test_a_rule_is_live_within_a_second_and_can_be_ended(system: ClickSystem) -> None:
    start = at(240)
    rule = {"why": "a checkout", "trigger": {"kind": "checkout"}}
    system.send([click("quick", 0, start - 1, "checkout")])
    put_s = time.time()
    system.put_rule("quick", (start, rule))
    system.send([click("quick", 1, start, "checkout")])
    alert = system.alert_of("quick", rule="quick")
    assert alert["evidence"] == ["quick-1"]
    # The margin is for a machine that does other things as well; the benchmark holds the second.
    assert alert["decided_at"] - put_s * 1_000 < 5_000
    system.put_rule("quick", (start, rule), (start + 1_000, {**rule, "enabled": False}))
    # The record of the end is read before this click: both go through the same broker, the rule first.
    time.sleep(2)
    system.send(
        [click("quick", 2, start + 1_000, "checkout"), *views("after", start, 6), attempt("after", start + 9_000)]
    )
    system.alert_of("after")
    assert len([one for one in system.alerts().values() if one["rule"] == "quick"]) == 1


def test_a_broken_rule_is_a_dead_letter_and_other_kinds_are_others(system: ClickSystem) -> None:
    now_ms = int(time.time() * 1_000)
    broken = b'{"kind":"rule","name":"broken","versions":[{"version":1}]}'
    system.send(
        [Outgoing(CONTROL, b"route", b'{"kind":"route"}', now_ms), Outgoing(CONTROL, b"broken", broken, now_ms)]
    )
    rows = system.await_rows(DEAD_LETTERS, lambda rows: any(row["topic"] == CONTROL for row in rows))
    (row,) = [row for row in rows if row["topic"] == CONTROL]
    assert row["payload_sha256"] == hashlib.sha256(broken).hexdigest()


def test_one_coupon_in_many_sessions(system: ClickSystem) -> None:
    start = at(300)
    rule = {
        "tier": "batch", "why": "one coupon in many sessions", "across": "coupon", "more_than": 2, "within": "1m",
        "trigger": {"kind": "coupon_attempt"},
    }  # fmt: skip
    system.put_rule("spray", (start, rule))
    system.send([click(f"m{one}", 0, start + 1_000 * one, "coupon_attempt", coupon="SPRAY") for one in range(4)])
    # All partitions must go on for the watermark to pass.
    system.send([click(f"w{one}", 0, start + 200_000, "view") for one in range(40)])
    alert = system.alert_of("m3", rule="spray")
    assert (alert["tier"], alert["features"]["sessions"]) == ("batch", 4)


def test_what_never_comes_is_decided_though_the_partition_is_idle(system: ClickSystem) -> None:
    start = at(360)
    unless = {"happens": {"kind": "purchase"}, "within": "30s"}
    system.put_rule("left", (start, {"why": "a cart left", "trigger": {"kind": "add_to_cart"}, "unless": unless}))
    time.sleep(2)
    system.send([click("cart", 0, start, "add_to_cart"), click("cart", 1, start + 95_000, "view")])
    # The others are ahead by as much as the watermark stays behind: the cart's own partition hears no more.
    system.send([click(f"v{one}", 0, start + 95_000, "view") for one in range(40)])
    assert system.alert_of("cart", rule="left")["evidence"] == ["cart-0"]


def _fuzzed(rng: Random, number: int, time_ms: int) -> bytes | None:
    """A value that is right, or broken somewhere."""
    good = click(f"f{number % 50}", number, time_ms, "view", price=rng.randrange(500)).value or b""
    fields = json.loads(good)
    changed = rng.choice(("session_id", "event_id", "event_time", "kind", "price", "coupon"))
    odds: tuple[object, ...] = (
        None,
        "",
        " ",
        -1,
        1e300,
        True,
        [],
        {},
        "x" * 600,
        "\x00",
        "view",
        "9999-12-31T23:59:59Z",
    )
    odd = rng.choice(odds)
    place = rng.randrange(len(good))
    return rng.choice(
        (
            good,
            json.dumps({**fields, changed: odd}).encode(),
            json.dumps({name: value for name, value in fields.items() if name != changed}).encode(),
            good[:place],
            good[:place] + rng.randbytes(rng.randrange(1, 9)) + good[place:],
            rng.randbytes(rng.randrange(40)),
            rng.choice(
                (b"[" * 100_000, b"\xff" * 9, b"null", b"[]", b"\x00", rb'{"session_id":"\ud800"}', b"NaN", None)
            ),
        )
    )


def test_each_of_10_000_fuzzed_clicks_that_is_bad_is_a_dead_letter(system: ClickSystem) -> None:
    rng, start = Random(5), at(420)
    values = [_fuzzed(rng, number, start + number) for number in range(FUZZED)]
    system.send([Outgoing(CLICKS, f"f{number % 50}".encode(), value, start) for number, value in enumerate(values)])
    decoded = [(decode_click(value, start + 999, str), value) for value in values]
    wanted = sorted((one.reason.value, _digest(value)) for one, value in decoded if not isinstance(one, Click))
    assert len({reason for reason, _digest in wanted}) == len(Reason) - 1
    own = set(wanted)

    def fuzz_letters(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
        found = {
            (row["topic"], row["partition"], row["offset"]): (row["reason"], row["payload_sha256"]) for row in rows
        }
        return sorted(one for one in found.values() if one in own)

    rows = system.await_rows(DEAD_LETTERS, lambda rows: len(fuzz_letters(rows)) >= len(wanted))
    assert fuzz_letters(rows) == wanted
    assert flink(system, "/exceptions")["exceptionHistory"]["entries"] == []


def _digest(value: bytes | None) -> str:
    return hashlib.sha256(value or b"").hexdigest()


def test_python_runs_in_flinks_threads_under_stable_uids(system: ClickSystem) -> None:
    assert system.python_workers() == []
    found = {vertex["name"].split(" -> ")[0]: vertex["id"] for vertex in flink(system, "")["vertices"]}
    assert {uid: found[uid] for uid in VERTICES} == VERTICES


def test_sessions_live_through_a_savepoint(system: ClickSystem, tmp_path: Path) -> None:
    start = at(480)
    system.send(views("saved", start, 6))
    # So much state is not written into the savepoint's metadata, but into files beside it.
    names = Random(8)
    system.send([click("large", names.randbytes(9).hex(), start, "view") for _ in range(4_000)])
    system.alert_of(_marker(system, "before", start))
    savepoint = jobs_control.stop(system.directory, CLICK_FRAUD, tmp_path.as_uri())
    assert len(list(tmp_path.glob("savepoint-*/*"))) > 1
    system.start_job(savepoint)
    system.send([*views("saved", start, 2), attempt("saved", start + 30_000)])
    assert system.alert_of("saved")["version"] == 7
    system.await_checkpoint()
    kill_all(processes.find(system.job))
    system.start_job()  # For some minutes the checkpoints need files of the savepoint.
    system.send([click("saved", "more", start + 8, "view", price=200)])
    assert system.alert_of("saved", version=8)["version"] == 8
    system.await_checkpoint()


def _marker(system: ClickSystem, session: str, start: int) -> str:
    """Send a session that raises an alert, behind all that was sent before to its partition's neighbours."""
    system.send([*views(session, start, 6), attempt(session, start + 20_000)])
    return session
