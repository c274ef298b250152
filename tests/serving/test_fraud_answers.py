from dataclasses import replace

import pytest

from serving import fraud_answers
from serving.fraud_queries import ServedAlert
from serving.labels import Label
from serving.progress import Progress
from tests.oracles.alerts import make_alert
from tests.serving.running import stamp
from udfs.clicks import Click
from wiregraph.v1 import fraud_pb2

ALERT = replace(
    make_alert("a1", 2, score_micro=123_456, user="u:1", model_versions="light=3,trees=4"),
    events=(
        Click("s-a1", "e0", 1_500, "view", "u:1", "i1", 199_990_000),
        Click("s-a1", "e1", 2_500, "coupon_attempt", "u:1", coupon="SAVE10"),
        Click("s-a1", "e2", 2_500, "view", "u:1", price_micro=0),
    ),
)


def test_an_alert_in_the_units_of_its_message() -> None:
    answer = fraud_answers.alert(ServedAlert(ALERT, 1_700_000_000_123, None))
    assert (answer.score, answer.window.seconds, answer.state) == (0.123456, 120, "open")
    assert answer.decided_at == stamp(1_700_000_000_123)
    assert answer.model_versions == ["light=3", "trees=4"]
    assert [(one.event_time, one.kind) for one in answer.events] == [
        (stamp(1_500), "view"),
        (stamp(2_500), "coupon_attempt"),
        (stamp(2_500), "view"),
    ]
    assert [one.price if one.HasField("price") else None for one in answer.events] == [199.99, None, 0]
    assert not answer.HasField("review")


def test_what_was_said_of_it() -> None:
    answer = fraud_answers.alert(ServedAlert(ALERT, 0, Label("a1", "alert", "fraud", "ann", 7_000, note="Same card")))
    assert answer.state == "reviewed"
    assert answer.review == fraud_pb2.Review(verdict="fraud", by="ann", at=stamp(7_000), note="Same card")


@pytest.mark.parametrize("watermark_ms", [None, -1, 0, 5_000])
def test_a_list_has_the_watermark_of_the_clicks_where_there_is_one(watermark_ms: int | None) -> None:
    progress = Progress("topic", {}, watermark_ms=9_000, alerts_watermark_ms=watermark_ms, applied_at_ms=7_000)
    answer = fraud_answers.stamped(fraud_pb2.ListAlertsResponse(), progress)
    known = watermark_ms is not None and watermark_ms >= 0
    assert answer.HasField("watermark") == known
    assert not known or answer.watermark == stamp(watermark_ms or 0)
    assert answer.applied_at == stamp(7_000)
