"""Builds the messages of the Fraud service."""

from __future__ import annotations

from serving.answers import duration, timestamp, versions
from serving.fraud_queries import ServedAlert
from serving.labels import Label
from serving.progress import Progress
from udfs.clicks import Click
from udfs.records import MICRO
from wiregraph.v1 import fraud_pb2


def alert(served: ServedAlert) -> fraud_pb2.Alert:
    """An alert with its evidence and the latest word on it."""
    one = served.alert
    return fraud_pb2.Alert(
        alert_id=one.alert_id,
        session_id=one.session_id,
        user=one.user,
        rule=one.rule,
        rule_version=one.rule_version,
        state=served.state,
        tier=one.tier,
        score=one.score_micro / MICRO,
        event_time=timestamp(one.event_time_ms),
        decided_at=timestamp(served.decided_at),
        why=one.why,
        window=duration(one.window_ms),
        evidence=one.evidence,
        events=[_event(event) for event in one.events],
        features=dict(one.features),
        model_versions=versions(one.model_versions),
        version=one.version,
        review=None if served.review is None else _review(served.review),
    )


def _event(event: Click) -> fraud_pb2.AlertEvent:
    return fraud_pb2.AlertEvent(
        event_id=event.event_id,
        event_time=timestamp(event.event_time_ms),
        kind=event.kind,
        item_id=event.item_id,
        price=None if event.price_micro is None else event.price_micro / MICRO,
        coupon=event.coupon,
    )


def _review(label: Label) -> fraud_pb2.Review:
    return fraud_pb2.Review(verdict=label.label, by=label.by, at=timestamp(label.at), note=label.note)


def stamped(answer: fraud_pb2.ListAlertsResponse, progress: Progress) -> fraud_pb2.ListAlertsResponse:
    """The answer with the watermark of the clicks, and when the store was last written."""
    if progress.alerts_watermark_ms is not None and progress.alerts_watermark_ms >= 0:
        answer.watermark.CopyFrom(timestamp(progress.alerts_watermark_ms))
    answer.applied_at.CopyFrom(timestamp(progress.applied_at_ms))
    return answer
