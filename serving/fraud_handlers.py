"""Answers each call of the Fraud and Admin services; knows messages and what Kafka must keep, but no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from serving import arguments, fraud_answers, fraud_arguments, keyspace
from serving.answers import timestamp
from serving.calls import UnknownError
from serving.erase import erased_at
from serving.erasures import Erasure, erasure_record_key, erasure_value
from serving.fraud_queries import ServedAlert, alert_page, find_alert, find_label
from serving.graphs import Moment
from serving.labels import Label, LabelKind, label_record_key, label_value
from udfs.topics import CONTROL, LABELS
from wiregraph.v1 import fraud_pb2

ECHO_MAX = 80

Keep = Callable[[str, bytes, bytes], None]
"""Takes a topic, a key and a value, and returns once Kafka has the record."""


def list_alerts(moment: Moment, request: fraud_pb2.ListAlertsRequest) -> fraud_pb2.ListAlertsResponse:
    """A page of alerts, newest event first."""
    size = arguments.limit(request.limit, arguments.PAGE_MAX) or arguments.PAGE_MAX
    asked = fraud_arguments.alert_filter(request)
    page = alert_page(moment.view, asked, size, fraud_arguments.parse_page_token(request.page_token, asked))
    token = "" if page.last_key is None else fraud_arguments.page_token(asked, page.last_key)
    alerts = [fraud_answers.alert(one) for one in page.alerts]
    answer = fraud_pb2.ListAlertsResponse(alerts=alerts, next_page_token=token)
    return fraud_answers.stamped(answer, moment.progress)


def get_alert(moment: Moment, request: fraud_pb2.GetAlertRequest) -> fraud_pb2.Alert:
    """One alert; raises `UnknownError`."""
    return fraud_answers.alert(_alert(moment, request.alert_id))


def review_alert(
    moment: Moment, request: fraud_pb2.ReviewAlertRequest, now_ms: int, recent: Mapping[bytes, Label]
) -> tuple[ServedAlert, Label | None]:
    """The alert as it is with the verdict, and the label that Kafka must keep for that; None if the store has it.

    `recent` are labels by their keys that Kafka was asked to keep a moment ago. The same verdict again is the same
    record, another one is later than the one before, whatever the clock says.
    """
    served = _alert(moment, request.alert_id)
    asked = Label(
        subject=served.alert.alert_id,
        kind=LabelKind.ALERT,
        label=fraud_arguments.verdict(request.verdict),
        by=fraud_arguments.reviewer(request.by),
        at=now_ms,
        note=fraud_arguments.note(request.note),
    )
    stored = find_label(moment.view, LabelKind.ALERT, asked.subject, asked.by)
    given = [label for label in (stored, recent.get(label_record_key(asked))) if label is not None]
    before = max(given, key=lambda label: label.order, default=None)
    if before is None:
        return replace(served, review=asked), asked
    if replace(before, at=now_ms) == asked:
        return replace(served, review=before), None if before == stored else before
    label = replace(asked, at=max(now_ms, before.at + 1))
    return replace(served, review=label), label


def keep_label(label: Label, keep: Keep) -> None:
    """Returns once Kafka has it."""
    keep(LABELS, label_record_key(label), label_value(label))


def erase_subject(
    moment: Moment, request: fraud_pb2.EraseSubjectRequest, now_ms: int, keep: Keep
) -> fraud_pb2.EraseSubjectResponse:
    """Asks all appliers to erase a subject, unless they were asked before; returns once Kafka has it."""
    subject = fraud_arguments.subject(request.subject)
    known_ms = erased_at(moment.view.get(keyspace.erased_key(subject)))
    erasure = Erasure(subject, now_ms if known_ms is None else known_ms)
    if known_ms is None:
        keep(CONTROL, erasure_record_key(erasure), erasure_value(erasure))
    return fraud_pb2.EraseSubjectResponse(subject=subject, at=timestamp(erasure.at))


def _alert(moment: Moment, alert_id: str) -> ServedAlert:
    found = find_alert(moment.view, fraud_arguments.alert_id(alert_id))
    if found is None:
        raise UnknownError(f"there is no alert {alert_id[:ECHO_MAX]!r}")
    return found
