from typing import Any

import pytest

from serving import fraud_arguments
from serving.alert_keys import by_time_key
from serving.arguments import BadArgumentError
from serving.fraud_queries import AlertFilter
from serving.labels import TIME_MS_MAX
from tests.serving.running import stamp
from wiregraph.v1 import fraud_pb2

USER = "u:" + "a" * 32


def asked(from_ms: int | None = None, to_ms: int | None = None, **fields: Any) -> AlertFilter:  # noqa: ANN401 - a message's fields
    request = fraud_pb2.ListAlertsRequest(**fields)
    for name, time_ms in (("from", from_ms), ("to", to_ms)):
        if time_ms is not None:
            getattr(request, name).CopyFrom(stamp(time_ms))
    return fraud_arguments.alert_filter(request)


def test_a_filter_is_all_that_was_asked_for() -> None:
    assert asked() == AlertFilter()
    assert asked(5, 9, state="open", rule="r", session_id="s", user=USER) == AlertFilter("open", "r", "s", USER, 5, 9)
    assert asked(5) == AlertFilter(from_ms=5)
    assert asked(to_ms=TIME_MS_MAX).to_ms == TIME_MS_MAX


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"state": "shut"}, "state"), ({"user": "jane"}, "user"), ({"from_ms": 9, "to_ms": 9}, "from")],
)
def test_a_filter_that_cannot_be_answered_is_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadArgumentError, match=f"^{field}: "):
        asked(**fields)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (fraud_arguments.alert_id, ["a", "x" * 512], ["", "x" * 513, "a\0"]),
        (fraud_arguments.verdict, ["fraud", "ok"], ["", "Fraud", "open"]),
        (fraud_arguments.reviewer, ["ann", "Ann Lee", "x" * 200], ["", " ", "x" * 201, "ann\n", "ann\0"]),
        (fraud_arguments.note, ["", "two\nlines", "x" * 2_000], ["x" * 2_001, "a\0"]),
        (fraud_arguments.subject, ["per:jane-doe", USER, "session:s"], ["", "jane@example.com", "per:"]),
    ],
)
def test_fields_are_taken_as_they_are_or_refused_by_name(check: object, good: list[str], bad: list[str]) -> None:
    assert callable(check)
    for value in good:
        assert check(value) == value
    for value in bad:
        with pytest.raises(BadArgumentError, match=r"^(alert_id|verdict|by|note|subject): ") as caught:
            check(value)
        assert "jane" not in str(caught.value).replace("per:jane-doe", "")


def test_a_page_token_is_of_its_list() -> None:
    key = by_time_key(7, "a1")
    token = fraud_arguments.page_token(AlertFilter(rule="r"), key)
    assert fraud_arguments.parse_page_token(token, AlertFilter(rule="r")) == key
    assert fraud_arguments.parse_page_token("", AlertFilter()) is None
    with pytest.raises(BadArgumentError, match="another list"):
        fraud_arguments.parse_page_token(token, AlertFilter(rule="s"))


@pytest.mark.parametrize("token", ["ü", "?", "abc", "AAAA", "=", "QUJD" * 9])
def test_what_is_no_page_token_is_refused(token: str) -> None:
    with pytest.raises(BadArgumentError, match=r"^page_token: "):
        fraud_arguments.parse_page_token(token, AlertFilter())
