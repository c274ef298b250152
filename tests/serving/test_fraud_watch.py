"""What a stream sends, step by step; streams over a connection are tested in test_fraud_service."""

from collections.abc import Callable
from itertools import count, islice
from pathlib import Path

import pytest

from serving import fraud_watch
from serving.erasures import Erasure
from serving.fraud_watch import watch_alerts
from serving.graphs import Graphs, GraphUnavailableError
from serving.labels import Label
from serving.progress import Progress
from serving.store import move_aside
from tests.oracles.alerts import Event, make_alert
from tests.serving.fraud_events import apply_events
from udfs.alerts import AlertState
from wiregraph.v1 import fraud_pb2

Step = Callable[[Graphs], None]
Sent = list[tuple[str, str, int]]


def writes(store: Path, *events: Event) -> Step:
    def step(graphs: Graphs) -> None:
        apply_events(store / "live", events, Progress("topic", {}))
        graphs.reopen()
        graphs.catch_up()

    return step


def watched(store: Path, *steps: Step, rule: str = "") -> Sent:
    """What a stream sends that ends after these steps, each taken when all before was sent."""
    graphs, todo, calls = Graphs(store, 1), [*steps, None], count(1)

    def ended() -> bool:
        if next(calls) % 2 == 0:  # Every other call is that of a stream that waits.
            step = todo.pop(0)
            if step is not None:
                step(graphs)
        return not todo

    request = fraud_pb2.WatchAlertsRequest(rule=rule)
    try:
        return [(one.alert_id, one.state, one.version) for one in watch_alerts(graphs, request, ended, 0)]
    finally:
        graphs.close()


def test_open_alerts_come_first_and_then_what_changes(tmp_path: Path) -> None:
    first = [make_alert("a1"), make_alert("a2", state=AlertState.WITHDRAWN), make_alert("a3")]
    writes(tmp_path, *first, Label("a3", "alert", "ok", "ann", 5))(Graphs(tmp_path, 1))
    assert watched(
        tmp_path,
        writes(tmp_path, make_alert("a1", 2, state=AlertState.WITHDRAWN)),
        writes(tmp_path, make_alert("a2", 3, state=AlertState.WITHDRAWN)),
        writes(tmp_path, make_alert("a1", 2, state=AlertState.WITHDRAWN), make_alert("a4")),
        writes(tmp_path, Erasure("session:s-a4", 5), make_alert("a5")),
    ) == [("a1", "open", 1), ("a1", "withdrawn", 2), ("a2", "withdrawn", 3), ("a4", "open", 1), ("a5", "open", 1)]


def test_a_stream_of_one_rule_has_no_other(tmp_path: Path) -> None:
    writes(tmp_path, make_alert("a1"), make_alert("a2", rule="rush"))(Graphs(tmp_path, 1))
    later = writes(tmp_path, make_alert("a1", 2), make_alert("a3", rule="rush"))
    assert watched(tmp_path, later, rule="rush") == [("a2", "open", 1), ("a3", "open", 1)]


def test_more_changes_than_are_read_at_once_all_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fraud_watch, "CHANGES_AT_ONCE", 2)
    writes(tmp_path, *(make_alert(f"a{number}") for number in range(5)))(Graphs(tmp_path, 1))
    graphs = Graphs(tmp_path, 1)
    stream = watch_alerts(graphs, fraud_pb2.WatchAlertsRequest(), lambda: False, 0)
    assert [one.alert_id for one in islice(stream, 5)] == ["a0", "a1", "a2", "a3", "a4"]
    graphs.close()


def test_of_a_store_built_again_only_what_differs_is_sent(tmp_path: Path) -> None:
    writes(tmp_path, make_alert("a1"), make_alert("a2"))(Graphs(tmp_path, 1))

    def built_again(graphs: Graphs) -> None:
        move_aside(tmp_path / "live", 1)
        writes(tmp_path, make_alert("a2", 2), make_alert("a1"), make_alert("a3"))(graphs)

    assert watched(tmp_path, built_again)[2:] == [("a2", "open", 2), ("a3", "open", 1)]


def test_a_stream_of_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphUnavailableError):
        watched(tmp_path)
