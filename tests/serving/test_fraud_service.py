"""The Fraud and Admin services over a real connection, in this process; nobody answers for Kafka."""

import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from serving import graphs
from serving.erasures import Erasure
from serving.labels import Label
from serving.progress import Progress
from serving.store import GraphReader, GraphWriter, StoreError, move_aside
from tests.oracles.alerts import Event, make_alert
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events, apply_with
from tests.serving.running import ARTICLES, Running, stamp, status_of, until
from udfs.alerts import AlertState
from wiregraph.v1 import fraud_pb2, graph_pb2

USER = "u:" + "a" * 32
ALERTS = [
    make_alert("a1", 6, event_time_ms=1_000, user=USER),
    make_alert("a2", 7, event_time_ms=2_000, rule="coupon-rush", user=USER),
    make_alert("a3", 8, event_time_ms=3_000, state=AlertState.WITHDRAWN),
    make_alert("a4", 9, event_time_ms=3_000),
]
REVIEW = Label("a2", "alert", "fraud", "ann", 50_000, note="the same card")


def write(running: Running, *events: Event) -> None:
    apply_events(running.store / "live", list(events), Progress("topic", {}))


@pytest.fixture
def fraud(running: Running) -> Running:
    write(running, *ALERTS, REVIEW)
    until(lambda: len(ids(running)) == len(ALERTS))
    return running


def ids(running: Running, start: Timestamp | None = None, **fields: Any) -> list[str]:  # noqa: ANN401 - a message's fields
    request = fraud_pb2.ListAlertsRequest(**fields)
    if start is not None:
        getattr(request, "from").CopyFrom(start)
    return [one.alert_id for one in running.fraud.ListAlerts(request).alerts]


def test_lists_by_each_filter(fraud: Running) -> None:
    assert ids(fraud) == ["a3", "a4", "a2", "a1"]
    assert ids(fraud, state="open") == ["a4", "a1"]
    assert ids(fraud, state="reviewed") == ["a2"]
    assert ids(fraud, state="withdrawn") == ["a3"]
    assert ids(fraud, rule="coupon-rush") == ["a2"]
    assert ids(fraud, session_id="s-a1") == ["a1"]
    assert ids(fraud, user=USER) == ["a2", "a1"]
    assert ids(fraud, user=USER, state="open") == ["a1"]
    assert ids(fraud, start=stamp(2_000), to=stamp(3_000)) == ["a2"]
    assert ids(fraud, rule="none") == ids(fraud, session_id="none") == []


def test_pages_are_complete_and_stay_in_their_list(fraud: Running) -> None:
    request = fraud_pb2.ListAlertsRequest(limit=1)
    found = []
    while True:
        page = fraud.fraud.ListAlerts(request)
        found += [one.alert_id for one in page.alerts]
        request.page_token = page.next_page_token
        if not request.page_token:
            break
        write(fraud, make_alert(f"new{len(found)}", event_time_ms=10_000))
    assert found == ["a3", "a4", "a2", "a1"]
    token = fraud.fraud.ListAlerts(fraud_pb2.ListAlertsRequest(limit=1)).next_page_token
    code, details = status_of(lambda: ids(fraud, page_token=token, state="open"))
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "page_token: belongs to another list")


def test_an_alert_says_why(fraud: Running) -> None:
    alert = fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="a2"))
    assert (alert.state, alert.rule, alert.rule_version, alert.tier) == ("reviewed", "coupon-rush", 1, "core")
    assert (alert.version, len(alert.evidence), alert.score) == (7, 7, 1.0)
    assert alert.why
    assert [(one.kind, one.coupon, one.HasField("price")) for one in alert.events] == [
        ("coupon_attempt", "SAVE10", False)
    ]
    assert dict(alert.features) == {"views": 7.0}
    assert alert.window.seconds == 120
    assert (alert.event_time, alert.decided_at) == (stamp(2_000), stamp(1_700_000_100_007))
    assert (alert.review.verdict, alert.review.by, alert.review.note) == ("fraud", "ann", "the same card")
    assert alert.review.at == stamp(50_000)
    assert not fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="a1")).HasField("review")


def test_a_withdrawn_alert_stays_withdrawn_whatever_is_said_of_it(fraud: Running) -> None:
    write(fraud, Label("a3", "alert", "fraud", "ann", 1))
    until(lambda: fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="a3")).HasField("review"))
    assert fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="a3")).state == "withdrawn"
    assert ids(fraud, state="reviewed") == ["a2"]


def test_bad_arguments_are_named(fraud: Running) -> None:
    calls = {
        "state: must be one of": lambda: ids(fraud, state="shut"),
        "user: must be a pseudonym": lambda: ids(fraud, user="secret@example.com"),
        "from: must lie before": lambda: ids(fraud, start=stamp(5), to=stamp(5)),
        "limit: must not be negative": lambda: ids(fraud, limit=-1),
        "page_token: is none": lambda: ids(fraud, page_token="ü"),  # noqa: S106 - it is none
        "alert_id: must not be empty": lambda: fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest()),
        "verdict: must be one of fraud, ok": lambda: review(fraud, verdict="maybe"),
        "by: must not be empty": lambda: review(fraud, by=" "),
        "note: must be at most": lambda: review(fraud, note="x" * 2_001),
        "subject: is none": lambda: erase(fraud, "user:secret@example.com"),
    }
    for expected, call in calls.items():
        code, details = status_of(call)
        assert code is grpc.StatusCode.INVALID_ARGUMENT, expected
        assert expected in details
        assert "secret" not in details
    assert status_of(lambda: ids(fraud, limit=1_001))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    for call in (lambda: fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="x")), lambda: review(fraud, "x")):
        code, details = status_of(call)
        assert (code, details) == (grpc.StatusCode.NOT_FOUND, "there is no alert 'x'")


def review(
    running: Running, alert_id: str = "a1", verdict: str = "ok", by: str = "ann", note: str = ""
) -> fraud_pb2.Alert:
    request = fraud_pb2.ReviewAlertRequest(alert_id=alert_id, verdict=verdict, by=by, note=note)
    answer: fraud_pb2.Alert = running.fraud.ReviewAlert(request, timeout=30)
    return answer


def erase(running: Running, subject: str) -> fraud_pb2.EraseSubjectResponse:
    request = fraud_pb2.EraseSubjectRequest(subject=subject)
    answer: fraud_pb2.EraseSubjectResponse = running.admin.EraseSubject(request, timeout=30)
    return answer


def test_without_kafka_nothing_is_promised(fraud: Running) -> None:
    for call in (lambda: review(fraud), lambda: erase(fraud, "per:jane-doe")):
        began = time.monotonic()
        code, details = status_of(call)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert "send the same again" in details
        assert time.monotonic() - began < 10
    assert fraud.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id="a1")).state == "open"


def test_what_the_store_has_needs_no_kafka(fraud: Running) -> None:
    assert review(fraud, "a2", "fraud", "ann", "the same card").review.at == stamp(50_000)
    write(fraud, Erasure("per:jane-doe", 7_000))
    # The server sees it when it next catches up with the store; until then it asks Kafka.
    until(lambda: _erased_at(fraud, "per:jane-doe") == stamp(7_000))


def _erased_at(running: Running, subject: str) -> Timestamp | None:
    try:
        return erase(running, subject).at
    except grpc.RpcError:
        return None


def test_watch_sends_open_alerts_then_what_changes(fraud: Running) -> None:
    stream = fraud.fraud.WatchAlerts(fraud_pb2.WatchAlertsRequest())
    assert {next(stream).alert_id, next(stream).alert_id} == {"a1", "a4"}
    write(fraud, make_alert("a5"), Label("a1", "alert", "ok", "bob", 9))
    assert {(one.alert_id, one.state) for one in (next(stream), next(stream))} == {("a5", "open"), ("a1", "reviewed")}
    write(fraud, make_alert("a2", 8, state=AlertState.WITHDRAWN))
    assert [(one.alert_id, one.state, one.version) for one in (next(stream),)] == [("a2", "withdrawn", 8)]
    stream.cancel()


def test_watch_of_one_rule_conflates_and_survives_a_store_built_again(fraud: Running) -> None:
    stream = fraud.fraud.WatchAlerts(fraud_pb2.WatchAlertsRequest(rule="coupon-rush"))
    with GraphWriter(fraud.store / "live") as writer:
        for version in range(1, 200):
            alerts = [make_alert("b1", version, rule="coupon-rush"), make_alert("b2", version)]
            apply_with(writer, alerts, Progress("topic", {}))
    found: list[fraud_pb2.Alert] = []
    while not found or found[-1].version < 199:
        found.append(next(stream))
    assert {one.alert_id for one in found} == {"b1"}
    assert [one.version for one in found] == sorted({one.version for one in found})
    move_aside(fraud.store / "live", 1)
    fill_store(fraud.store / "live", ARTICLES)
    write(fraud, make_alert("b1", 199, rule="coupon-rush"), make_alert("b3", 1, rule="coupon-rush"))
    assert next(stream).alert_id == "b3"  # What was sent before is not sent again.
    stream.cancel()


def test_a_watch_goes_on_after_a_store_that_could_not_be_opened(
    fraud: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(name: str, *events: Event) -> Path:
        path = fraud.store / name
        fill_store(path, ARTICLES)
        apply_events(path, list(events), Progress("topic", {}))
        return path

    past = fill("past", make_alert("a1"))
    stream = fraud.fraud.WatchAlerts(fraud_pb2.WatchAlertsRequest(graph="past"), timeout=30)
    assert next(stream).alert_id == "a1"
    until_s = time.monotonic() + 1

    def refusing(path: Path) -> GraphReader:
        if time.monotonic() < until_s:
            raise StoreError("a table went away")
        return GraphReader(path)

    monkeypatch.setattr(graphs, "GraphReader", refusing)
    new = fill("new", make_alert("a1"), make_alert("a5"))
    move_aside(past, 1)
    new.rename(past)
    assert next(stream).alert_id == "a5"  # Nobody else asks for this graph, and nothing is written to it.
    stream.cancel()


def test_an_erased_entity_is_in_no_answer(fraud: Running, tmp_path: Path) -> None:
    assert tmp_path == fraud.store
    write(fraud, Erasure("org:a", 5))
    until(lambda: fraud.graph.GetStatus(graph_pb2.GetStatusRequest()).entities == 2)
    code, _ = status_of(lambda: fraud.graph.GetEntity(graph_pb2.GetEntityRequest(entity_id="org:a")))
    assert code is grpc.StatusCode.NOT_FOUND
    assert [one.entity_id for one in fraud.graph.ListTop(graph_pb2.ListTopRequest()).entities] == ["org:late", "org:b"]
    assert not fraud.graph.GetNeighbors(graph_pb2.GetNeighborsRequest(entity_id="org:b")).neighbors
    write(fraud, Erasure("eq:AAPL", 5))  # The gazetteer knows it, with or without news.
    until(lambda: "eq:AAPL" not in _candidates(fraud, "eq:AAPL"))
    for text in ("Apple", "eq:AAPL", "a"):
        assert not _candidates(fraud, text) & {"org:a", "eq:AAPL"}


def _candidates(running: Running, text: str) -> set[str]:
    answer = running.graph.ResolveEntities(graph_pb2.ResolveEntitiesRequest(text=text))
    return {one.entity_id for one in answer.candidates}
