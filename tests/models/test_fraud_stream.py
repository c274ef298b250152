from __future__ import annotations

from pathlib import Path

import pytest

from models.fraud_kinds import KINDS
from models.fraud_recorded import sessions
from models.fraud_stream import ClickRecord, ExpectedAlert, InjectedStream, expected, has_data, injected
from models.fraud_visits import CLICKS_FILE, FIRST_MS, dear_items, price_micro, read_visits, week_start_ms
from udfs.alerts import Alert, AlertState
from udfs.clicks import Click, decode_click
from udfs.patterns import Partition
from udfs.rulebook import COUPON_ABUSE, Rulebook

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
VISITS = 3_000

with_data = pytest.mark.skipif(not has_data(DATA), reason=f"{DATA / CLICKS_FILE} is missing")


@pytest.fixture(scope="module")
def stream() -> InjectedStream:
    return injected(DATA, visits_max=VISITS)


def test_the_visits_are_missed_where_they_are_not(tmp_path: Path) -> None:
    assert not has_data(tmp_path)
    with pytest.raises(FileNotFoundError):
        injected(tmp_path)


def test_visits_are_read_and_moved_to_weeks(tmp_path: Path) -> None:
    (tmp_path / CLICKS_FILE).parent.mkdir()
    rows = [f"{visit}\t{item}\t{FIRST_MS / 1_000 + 60 * visit + item}" for visit in range(1, 40) for item in (8, 3)]
    (tmp_path / CLICKS_FILE).write_text("\n".join(["SessionId\tItemId\tTime", *rows, ""]))
    visits = read_visits(tmp_path)
    assert len({visit.week for visit in visits}) > 3
    for visit in visits:
        assert visit.items == ("3", "8")
        in_week_ms = visit.times_ms[0] - week_start_ms(visit.week)
        assert in_week_ms == (60 * int(visit.visit_id) + 3) * 1_000
    assert dear_items(visits) == tuple(item for item in ("3", "8") if price_micro(item) >= 200_000_000)


def test_about_a_tenth_of_the_items_is_dear() -> None:
    dear = sum(price_micro(str(item)) >= 200_000_000 for item in range(20_000))
    assert 0.08 < dear / 20_000 < 0.12
    assert all(price_micro(str(item)) % 10_000 == 0 for item in range(100))


@with_data
def test_the_same_seed_gives_the_same_stream() -> None:
    few = injected(DATA, visits_max=100)
    assert injected(DATA, visits_max=100) == few
    assert injected(DATA, seed=2, visits_max=100).records != few.records


@with_data
def test_every_session_of_the_rule_raises_it_and_few_others_do(stream: InjectedStream) -> None:
    alerted = {alert.session_id for alert in stream.alerts}
    reference = {session_id for session_id, kind in stream.kinds.items() if kind == "reference_rule"}
    assert len(reference) > 20
    assert reference <= alerted
    assert len(alerted - reference) < len(reference) / 10


@with_data
def test_the_engine_raises_each_expected_alert_and_no_other(stream: InjectedStream) -> None:
    partition = Partition(Rulebook.built_in())
    standing: dict[str, Alert] = {}
    duplicates = 0
    for start in range(0, len(stream.records), 100):
        outcome = partition.add([decoded(record) for record in stream.records[start : start + 100]])
        duplicates += outcome.duplicates
        standing |= {alert.alert_id: alert for alert in outcome.alerts}
    found = [
        ExpectedAlert(alert.session_id, alert.evidence[-1], alert.evidence)
        for alert in standing.values()
        if alert.rule == COUPON_ABUSE.name and alert.state is AlertState.OPEN
    ]
    assert sorted(found, key=str) == sorted(stream.alerts, key=str)
    assert duplicates > 10


def decoded(record: ClickRecord) -> Click:
    click = decode_click(record.value, record.time_ms, lambda user: f"u:{user}")
    assert isinstance(click, Click)
    assert (click.session_id.encode(), click.event_time_ms) == (record.key, record.time_ms)
    return click


def test_five_dear_views_are_expected_to_raise_nothing() -> None:
    views = [Click("s", f"v{at}", at, "view", item_id="i", price_micro=200_000_000) for at in range(6)]
    attempt = Click("s", "z", 120_000, "coupon_attempt")
    assert expected([*views[1:], attempt]) == []
    evidence = ("v0", "v1", "v2", "v3", "v4", "v5", "z")
    assert expected([*views, attempt]) == [ExpectedAlert("s", "z", evidence)]
    assert expected([*views, attempt._replace(event_time_ms=120_001)]) == []


def test_each_kind_of_fraud_tries_a_coupon() -> None:
    assert sum(share for _, share in KINDS.values()) == pytest.approx(1)
    for case in sessions():
        assert any(click.kind == "coupon_attempt" for click in case.clicks)
        assert [click.event_time_ms for click in case.clicks] == sorted(click.event_time_ms for click in case.clicks)
