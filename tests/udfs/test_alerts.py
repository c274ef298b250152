from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.clicks import clicks
from udfs.alerts import EVENTS_MAX, Alert, AlertError, AlertState, Tier, alert_id, alert_row, parse_alert
from udfs.clicks import Click
from udfs.records import MICRO

TEXTS = st.text(max_size=5)
TIMES = st.integers(0, 1 << 42)
ALERTS = st.builds(
    Alert,
    alert_id=TEXTS,
    session_id=st.sampled_from(["s1", "s2"]),
    rule=TEXTS,
    rule_version=st.integers(1, 99),
    state=st.sampled_from(AlertState),
    tier=st.sampled_from(Tier),
    event_time_ms=TIMES,
    version=st.integers(1, 10_000),
    evidence=st.lists(TEXTS, max_size=3).map(tuple),
    score_micro=st.integers(0, MICRO),
    user=st.sampled_from(["", "u:1"]),
    why=TEXTS,
    model_versions=TEXTS,
    window_ms=TIMES,
    features=st.dictionaries(TEXTS, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    events=st.lists(clicks(), max_size=5).map(tuple),
)
ALERT = Alert("a", "s1", "r", 1, AlertState.OPEN, Tier.CORE, 5, 1, ("e",), events=(Click("s1", "e", 5, "view"),))


@given(ALERTS, TIMES)
def test_an_alert_travels_as_its_row(alert: Alert, decided_at_ms: int) -> None:
    assert parse_alert(alert_row(alert, decided_at_ms)) == (alert, decided_at_ms)


def test_a_row_has_the_details_of_the_last_events_alone() -> None:
    events = tuple(Click("s1", f"e{number}", number, "view") for number in range(EVENTS_MAX + 1))
    read, _ = parse_alert(alert_row(replace(ALERT, events=events), 0))
    assert read.events == events[1:]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"tier": 1},
        {"score": "high"},
        {"score": 1e308},
        {"version": 1.5},
        {"evidence": "e"},
        {"evidence": [1]},
        {"features": {"count": None}},
        {"events": [{"event_id": "e"}]},
        {"user": None},
    ],
    ids=str,
)
def test_what_is_no_alert_is_refused(change: dict[str, object]) -> None:
    fields = orjson.loads(alert_row(ALERT, 0))
    with pytest.raises(AlertError, match="not an alert"):
        parse_alert(orjson.dumps(fields | change))


@pytest.mark.parametrize("value", [b"", b"[]", b"null", b"{}", b"{", b'"alert"'])
def test_what_is_no_object_is_refused(value: bytes) -> None:
    with pytest.raises(AlertError):
        parse_alert(value)


def test_ids_tell_all_parts_apart() -> None:
    ids = {
        alert_id(*parts) for parts in [("r", 1, "s", "e"), ("r", 2, "s", "e"), ("r1", 1, "s", "e"), ("r", 1, "se", "")]
    }
    assert len(ids) == 4
    assert {len(one) for one in ids} == {32}
    assert alert_id("r", 1, "s", 5) == alert_id("r", 1, "s", "5")
