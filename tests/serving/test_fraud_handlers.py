from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.arguments import BadArgumentError, TooMuchError
from serving.calls import UnknownError
from serving.erasures import Erasure, erasure_record_key, erasure_value
from serving.fraud_handlers import erase_subject, get_alert, keep_label, list_alerts, review_alert
from serving.graphs import Graphs, Moment
from serving.labels import Label, label_record_key, label_value
from serving.progress import Progress
from tests.oracles.alerts import make_alert
from tests.serving.fraud_events import apply_events
from tests.serving.running import stamp
from udfs.topics import CONTROL, LABELS
from wiregraph.v1 import fraud_pb2

SAID = Label("a2", "alert", "fraud", "ann", 50_000)
ALERTS = [make_alert(f"a{number}", event_time_ms=number) for number in range(4)]
Kept = list[tuple[str, bytes, bytes]]


@pytest.fixture
def moment(tmp_path: Path) -> Iterator[Moment]:
    apply_events(tmp_path / "live", [*ALERTS, SAID, Erasure("per:gone", 7_000)], Progress("topic", {}))
    graphs = Graphs(tmp_path, 1)
    yield graphs.moment()
    graphs.close()


def review(verdict: str, by: str = "ann", alert_id: str = "a2") -> fraud_pb2.ReviewAlertRequest:
    return fraud_pb2.ReviewAlertRequest(alert_id=alert_id, verdict=verdict, by=by)


def test_a_page_says_how_to_go_on(moment: Moment) -> None:
    request, found = fraud_pb2.ListAlertsRequest(limit=3), []
    for _ in range(2):
        page = list_alerts(moment, request)
        found.append([one.alert_id for one in page.alerts])
        request.page_token = page.next_page_token
    assert found == [["a3", "a2", "a1"], ["a0"]]
    assert not request.page_token
    with pytest.raises(TooMuchError, match="limit"):
        list_alerts(moment, fraud_pb2.ListAlertsRequest(limit=1_001))


def test_what_is_not_there_is_unknown_and_not_repeated_at_length(moment: Moment) -> None:
    assert get_alert(moment, fraud_pb2.GetAlertRequest(alert_id="a1")).alert_id == "a1"
    calls: list[Callable[[], object]] = [
        lambda: get_alert(moment, fraud_pb2.GetAlertRequest(alert_id="x" * 500)),
        lambda: review_alert(moment, review("ok", alert_id="x" * 500), 0, {}),
    ]
    for call in calls:
        with pytest.raises(UnknownError) as caught:
            call()
        assert len(str(caught.value)) < 120


def test_verdicts_of_one_person_follow_each_other_whatever_the_clock_says(moment: Moment) -> None:
    served, label = review_alert(moment, review("ok"), 10, {})
    assert label is not None
    assert (label.at, label.label, served.review, served.state) == (50_001, "ok", label, "reviewed")
    recent = {label_record_key(label): label}
    assert review_alert(moment, review("ok"), 99_000, recent)[1] == label  # Asked for again: the same record.
    changed = review_alert(moment, review("fraud"), 20, recent)[1]
    assert changed is not None
    assert changed.at == 50_002
    other = review_alert(moment, review("fraud", "bob"), 20, recent)[1]
    assert other is not None
    assert other.at == 20


def test_a_verdict_that_the_store_has_needs_no_record(moment: Moment) -> None:
    served, label = review_alert(moment, review("fraud"), 99_000, {})
    assert (served.review, label) == (SAID, None)
    for request in (review("maybe"), review("ok", " ")):
        with pytest.raises(BadArgumentError):
            review_alert(moment, request, 99_000, {})


def test_a_label_is_kept_under_its_key() -> None:
    kept: Kept = []
    keep_label(SAID, lambda *record: kept.append(record))
    assert kept == [(LABELS, label_record_key(SAID), label_value(SAID))]


def test_an_erasure_is_asked_for_once(moment: Moment) -> None:
    kept: Kept = []
    known = fraud_pb2.EraseSubjectRequest(subject="per:gone")
    assert erase_subject(moment, known, 99_000, lambda *record: kept.append(record)).at == stamp(7_000)
    assert kept == []
    asked = fraud_pb2.EraseSubjectRequest(subject="session:s1")
    assert erase_subject(moment, asked, 99_000, lambda *record: kept.append(record)).at == stamp(99_000)
    erasure = Erasure("session:s1", 99_000)
    assert kept == [(CONTROL, erasure_record_key(erasure), erasure_value(erasure))]
