"""Examples; that any order ends in the same is tested in test_erase."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import alert_keys
from serving.alert_apply import AlertApplier, shown_state
from serving.alert_rows import parse_alert_upsert
from serving.draft import Draft
from serving.labels import Label
from serving.store import GraphWriter
from tests.oracles.alerts import make_alert, row_of
from udfs.alerts import Alert, AlertState


class Applied:
    """What a store would hold, nothing of it written."""

    def __init__(self, writer: GraphWriter) -> None:
        self.draft = Draft(writer)
        self.applier = AlertApplier(self.draft, 0)

    def alert(self, alert: Alert) -> bool:
        return self.applier.alert(parse_alert_upsert(row_of(alert)))

    def listed(self) -> list[tuple[str, str]]:
        items = self.draft.items(alert_keys.BY_TIME)
        return [(alert_keys.by_time_id(key), alert_keys.unpack_brief(value).state) for key, value in items]

    def changed(self) -> list[tuple[int, str]]:
        return [
            (alert_keys.change_number(key), alert_keys.change_id(key)) for key in self.draft.keys(alert_keys.CHANGE)
        ]


@pytest.fixture
def applied(tmp_path: Path) -> Iterator[Applied]:
    with GraphWriter(tmp_path / "g") as writer:
        yield Applied(writer)


def test_the_highest_version_counts_and_has_one_place(applied: Applied) -> None:
    assert applied.alert(make_alert("a1", 6, event_time_ms=10))
    assert not applied.alert(make_alert("a1", 6, event_time_ms=10))
    assert applied.alert(make_alert("a1", 8, event_time_ms=30, state=AlertState.WITHDRAWN))
    assert not applied.alert(make_alert("a1", 7, event_time_ms=20))
    assert applied.listed() == [("a1", "withdrawn")]
    assert applied.changed() == [(2, "a1")]


def test_the_latest_label_of_each_person_counts(applied: Applied) -> None:
    applied.alert(make_alert("a1"))
    assert applied.applier.label(Label("a1", "alert", "fraud", "ann", 5))
    assert not applied.applier.label(Label("a1", "alert", "fraud", "ann", 5))
    assert not applied.applier.label(Label("a1", "alert", "ok", "ann", 4))
    assert applied.applier.label(Label("a1", "alert", "ok", "bob", 4))
    assert applied.listed() == [("a1", "reviewed")]
    assert applied.changed() == [(3, "a1")]


def test_a_label_may_come_before_its_alert(applied: Applied) -> None:
    assert applied.applier.label(Label("a1", "alert", "ok", "ann", 5))
    assert not applied.listed()
    assert not applied.changed()
    applied.alert(make_alert("a1"))
    assert applied.listed() == [("a1", "reviewed")]


def test_an_erased_alert_leaves_its_guard_alone(applied: Applied) -> None:
    applied.alert(make_alert("a1", 6, user="u:1"))
    applied.applier.label(Label("a1", "alert", "ok", "ann", 5))
    applied.applier.erase_subject("u:1")
    assert [entry.key for entry in applied.draft.puts] == [b"xalert:a1"]
    assert not applied.alert(make_alert("a1", 7))
    assert not applied.applier.label(Label("a1", "alert", "ok", "bob", 5))
    assert [entry.key for entry in applied.draft.puts] == [b"xalert:a1"]


def test_labels_of_an_entity_are_those_of_its_mentions(applied: Applied) -> None:
    kept = [Label("per:jo-ann/news/x", "mention", "ok", "ann", 5), Label("per:jo", "article", "ok", "ann", 5)]
    for label in (Label("per:jo/news/x", "mention", "ok", "ann", 5), Label("per:jo", "mention", "ok", "ann", 5), *kept):
        applied.applier.label(label)
    applied.applier.erase_labels_of_entity("per:jo")
    assert [entry.key for entry in applied.draft.puts] == [
        alert_keys.label_key(label.kind, label.subject, label.by) for label in kept
    ]


@pytest.mark.parametrize(
    ("state", "reviewed", "shown"),
    [("open", False, "open"), ("open", True, "reviewed"), ("withdrawn", True, "withdrawn")],
)
def test_the_state_that_is_shown(state: str, reviewed: bool, shown: str) -> None:
    assert shown_state(AlertState(state), reviewed=reviewed) == shown
