"""The Fraud and Admin services over gRPC: reads come from the store, decisions go to Kafka and come back through it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator

import grpc

from serving import fraud_answers, fraud_handlers
from serving.calls import Calls
from serving.fraud_handlers import Keep
from serving.fraud_watch import watch_alerts
from serving.labels import Label, label_record_key
from serving.ledger import Ledger
from wiregraph.v1 import fraud_pb2

KEEP_TIMEOUT_S = 10.0
ANSWER_S = 0.2
"""What is left of a call's deadline for the answer itself."""
RECENT_MAX = 10_000


class FraudService:
    """One method a call, named as in the proto, which is what grpc's registration asks for."""

    def __init__(self, calls: Calls, ledger: Ledger) -> None:
        self._calls = calls
        self._ledger = ledger
        self._recent: OrderedDict[bytes, Label] = OrderedDict()
        self._reviewing = threading.Lock()

    def ListAlerts(  # noqa: N802 - named by the proto
        self, request: fraud_pb2.ListAlertsRequest, context: grpc.ServicerContext
    ) -> fraud_pb2.ListAlertsResponse:
        """See `serving.fraud_handlers.list_alerts`."""
        return self._calls.answer(context, request.graph, lambda moment: fraud_handlers.list_alerts(moment, request))

    def GetAlert(  # noqa: N802 - named by the proto
        self, request: fraud_pb2.GetAlertRequest, context: grpc.ServicerContext
    ) -> fraud_pb2.Alert:
        """See `serving.fraud_handlers.get_alert`."""
        return self._calls.answer(context, request.graph, lambda moment: fraud_handlers.get_alert(moment, request))

    def ReviewAlert(  # noqa: N802 - named by the proto
        self, request: fraud_pb2.ReviewAlertRequest, context: grpc.ServicerContext
    ) -> fraud_pb2.Alert:
        """See `serving.fraud_handlers.review_alert`."""
        return self._calls.guarded(context, lambda: self._review(request, keeping(self._ledger, context)))

    def _review(self, request: fraud_pb2.ReviewAlertRequest, keep: Keep) -> fraud_pb2.Alert:
        with self._reviewing:  # Two verdicts of one person at once get two times.
            served, label = self._calls.graphs.ask(
                "", lambda moment: fraud_handlers.review_alert(moment, request, clock_ms(), self._recent)
            )
            if label is not None:
                self._remember(label)
        if label is not None:
            fraud_handlers.keep_label(label, keep)
        return fraud_answers.alert(served)

    def _remember(self, label: Label) -> None:
        key = label_record_key(label)
        self._recent[key] = label
        self._recent.move_to_end(key)
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)

    def WatchAlerts(  # noqa: N802 - named by the proto
        self, request: fraud_pb2.WatchAlertsRequest, context: grpc.ServicerContext
    ) -> Iterator[fraud_pb2.Alert]:
        """See `serving.fraud_watch.watch_alerts`."""
        graphs, interval_s = self._calls.graphs, self._calls.settings.stream_interval_s
        return self._calls.stream(context, lambda ended: watch_alerts(graphs, request, ended, interval_s))


class AdminService:
    """One method a call, named as in the proto."""

    def __init__(self, calls: Calls, ledger: Ledger) -> None:
        self._calls = calls
        self._ledger = ledger

    def EraseSubject(  # noqa: N802 - named by the proto
        self, request: fraud_pb2.EraseSubjectRequest, context: grpc.ServicerContext
    ) -> fraud_pb2.EraseSubjectResponse:
        """See `serving.fraud_handlers.erase_subject`."""
        keep = keeping(self._ledger, context)
        return self._calls.answer(
            context, "", lambda moment: fraud_handlers.erase_subject(moment, request, clock_ms(), keep)
        )


def keeping(ledger: Ledger, context: grpc.ServicerContext) -> Keep:
    """Keeps records within what is left of a call's deadline."""

    def keep(topic: str, key: bytes, value: bytes) -> None:
        left_s = context.time_remaining()
        timeout_s = KEEP_TIMEOUT_S if left_s is None else min(KEEP_TIMEOUT_S, left_s - ANSWER_S)
        ledger.keep(topic, key, value, timeout_s)

    return keep


def clock_ms() -> int:
    """The machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000
