"""Verdicts and erasures against a real broker, a real applier and a real server: kept, once, and for good."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from kafka import KafkaProducer

from serving.erasures import Erasure, erasure_value
from serving.labels import parse_label
from serving.server import Server
from serving.settings import ServerSettings
from tests.oracles.alerts import make_alert, row_of
from tests.serving.following import until
from tests.serving.running import status_of
from tests.wiregraph.kafka_topics import Tail
from udfs.alerts import Alert
from udfs.topics import ALERTS, CONTROL, LABELS
from wiregraph.v1 import fraud_pb2
from wiregraph.v1.services_pb2_grpc import AdminStub, FraudStub

pytestmark = [pytest.mark.jvm, pytest.mark.timeout(600)]


class Desk:
    """A reviewer's desk: the live graph's applier as a process, a server here."""

    def __init__(self, bootstrap: str, store: Path, log: Path) -> None:
        self.bootstrap = bootstrap
        self.store = store
        self.log = log
        self.server = Server(ServerSettings(bootstrap, store, 0, {}))
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.server.port}")
        self.fraud = FraudStub(self.channel)
        self.admin = AdminStub(self.channel)

    @contextmanager
    def applying(self) -> Iterator[subprocess.Popen[bytes]]:
        options = ["--bootstrap", self.bootstrap, "--store", str(self.store)]
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "serving.applier", *options], stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def raise_alert(self, alert: Alert) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap)
        producer.send(ALERTS, key=alert.alert_id.encode(), value=row_of(alert)).get(timeout=30)
        producer.close()

    def state(self, alert_id: str) -> str:
        try:
            found = self.fraud.GetAlert(fraud_pb2.GetAlertRequest(alert_id=alert_id), timeout=30)
        except grpc.RpcError:
            return ""
        return str(found.state)

    def review(self, alert_id: str, verdict: str) -> fraud_pb2.Alert:
        request = fraud_pb2.ReviewAlertRequest(alert_id=alert_id, verdict=verdict, by="ann")
        answer: fraud_pb2.Alert = self.fraud.ReviewAlert(request, timeout=30)
        return answer

    def erase(self, subject: str) -> fraud_pb2.EraseSubjectResponse:
        request = fraud_pb2.EraseSubjectRequest(subject=subject)
        answer: fraud_pb2.EraseSubjectResponse = self.admin.EraseSubject(request, timeout=30)
        return answer


@pytest.fixture
def desk(stack_broker: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(stack_broker, tmp_path / "store", tmp_path / "applier.log")
    yield desk
    desk.channel.close()
    desk.server.stop()


def test_a_verdict_is_kept_once_and_an_erasure_for_good(desk: Desk) -> None:
    options = {"bootstrap_servers": desk.bootstrap}
    labels, control = Tail(options, LABELS), Tail(options, CONTROL)
    mine, other, late = (uuid4().hex for _ in range(3))
    user = "u:" + uuid4().hex
    alert = make_alert(mine, 6, user=user)
    with desk.applying():
        desk.raise_alert(alert)
        desk.raise_alert(make_alert(other, 6))
        until(lambda: desk.state(mine) == desk.state(other) == "open")
        first = desk.review(mine, "fraud")
        assert (first.state, first.review.verdict) == ("reviewed", "fraud")
        assert desk.review(mine, "fraud").review.at == first.review.at
        until(lambda: desk.state(mine) == "reviewed")
        assert desk.review(mine, "fraud").review.at == first.review.at
        kept = {(record.key, record.value) for record in labels.records()}
        assert len(kept) == 1
        desk.review(mine, "ok")
        said = [parse_label(record.value) for record in labels.records()]
        assert [label.label for label in sorted(said, key=lambda label: label.at)][-1] == "ok"
        assert {record.key for record in labels.records()} == {f"alert/{mine}/ann".encode()}
        erased = desk.erase(user)
        until(lambda: not desk.state(mine))
        assert desk.erase(user).at == erased.at
        assert [record.value for record in control.records()] == [
            erasure_value(Erasure(user, erased.at.ToMilliseconds()))
        ]
        desk.raise_alert(make_alert(mine, 7, user=user))  # As a replay would, or a late event.
        desk.raise_alert(make_alert(late))
        until(lambda: desk.state(late) == "open")
        assert status_of(lambda: desk.review(mine, "ok"))[0] is grpc.StatusCode.NOT_FOUND
    for file in (desk.store / "live").iterdir():  # A new store, from all topics again.
        file.unlink()
    with desk.applying():
        # The server may answer from the store before for a moment, and from none after that.
        until(lambda: desk.state(late) == desk.state(other) == "open")
        assert desk.state(mine) == ""
    assert user not in desk.log.read_text()
