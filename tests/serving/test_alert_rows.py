from dataclasses import replace

import orjson
import pytest

from serving import keyspace
from serving.alert_rows import ID_CHARS_MAX, parse_alert_upsert, stored_alert, subjects
from serving.labels import TIME_MS_MAX
from tests.oracles.alerts import make_alert, row_of
from udfs.alerts import AlertError
from udfs.clicks import Click

ALERT = make_alert("a1", 6, user="u:1")


def test_a_row_is_stored_without_what_a_dump_does_not_show() -> None:
    upsert = parse_alert_upsert(row_of(ALERT))
    fields = orjson.loads(upsert.canonical)
    assert list(fields) == sorted(fields)
    assert set(orjson.loads(row_of(ALERT))) - set(fields) == {"version", "decided_at"}
    assert stored_alert(keyspace.row_value(6, upsert.canonical)) == ALERT
    assert stored_alert(None) is None


def test_whom_an_alert_names() -> None:
    assert subjects(make_alert("a1")) == ("session:s-a1",)
    assert subjects(ALERT) == ("session:s-a1", "u:1")
    across = make_alert("a1", events=tuple(Click(f"s{at}", "e", 0, "checkout", f"u:{at % 2}") for at in range(3)))
    assert subjects(across) == ("session:s-a1", "session:s0", "u:0", "session:s1", "u:1", "session:s2")


@pytest.mark.parametrize(
    "change",
    [
        {"alert_id": ""},
        {"alert_id": "a\0"},
        {"session_id": "s\0"},
        {"rule": "r" * (ID_CHARS_MAX + 1)},
        {"user": "u\0"},
        {"events": (Click("s\0", "e", 0, "view"),)},
        {"events": (Click("s", "e", TIME_MS_MAX + 1, "view"),)},
        {"event_time_ms": -1},
        {"window_ms": TIME_MS_MAX + 1},
        {"version": -1},
        {"version": 2**63},
    ],
    ids=str,
)
def test_what_cannot_be_stored_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AlertError):
        parse_alert_upsert(row_of(replace(ALERT, **change)))  # type: ignore[arg-type] # the table's
