import logging
from dataclasses import replace
from pathlib import Path

import pytest

from serving.apply import Poll, apply_poll
from serving.erasures import Erasure, erasure_record_key, erasure_value
from serving.labels import Label, label_record_key, label_value
from serving.progress import Progress
from serving.side import NONE, SideRecord, SideTopic, read_side, side_topics
from serving.store import GraphWriter
from tests.oracles.alerts import make_alert, row_of

LABEL, ERASURE, ALERT = Label("a1", "alert", "ok", "ann", 5), Erasure("per:x", 1), make_alert("a1")


def test_each_topic_brings_its_own() -> None:
    side = read_side(
        [
            SideRecord(SideTopic.ALERTS, 0, 0, b"a1", row_of(ALERT)),
            SideRecord(SideTopic.LABELS, 0, 0, label_record_key(LABEL), label_value(LABEL)),
            SideRecord(SideTopic.CONTROL, 0, 0, erasure_record_key(ERASURE), erasure_value(ERASURE)),
        ]
    )
    assert ([one.alert for one in side.alerts], side.labels, side.erasures) == ([ALERT], [LABEL], [ERASURE])
    assert side.refused == 0
    assert read_side([]) is NONE


def test_a_replayed_graph_has_alerts_of_its_own_and_shares_what_people_said() -> None:
    live, old = side_topics(""), side_topics("old")
    assert {topic for topic, kind in live.items() if kind is SideTopic.ALERTS} == {"alerts"}
    assert set(live) ^ set(old) == {"alerts", "alerts.old"}


def test_the_log_says_where_and_not_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_side([SideRecord(SideTopic.ALERTS, 2, 9, b"a", b'{"user": "secret"}')])
        read_side([SideRecord(SideTopic.LABELS, 2, 9, b"a", b'{"subject": "secret", "kind": "secret"}')])
    assert "alerts/2/9" in caplog.text
    assert "labels/2/9" in caplog.text
    assert "secret" not in caplog.text


def test_other_records_of_control_are_others(tmp_path: Path) -> None:
    rule = SideRecord(SideTopic.CONTROL, 0, 0, b"coupon-abuse", b'{"kind":"rule","name":"coupon-abuse"}')
    broken = [
        SideRecord(SideTopic.CONTROL, 0, 1, b"erase/per:x", b"{"),
        SideRecord(SideTopic.CONTROL, 0, 2, b"erase/per:x", b'{"kind":"erasure","subject":"user:raw","at":1}'),
        SideRecord(SideTopic.ALERTS, 0, 3, b"a", b'{"alert_id":"a"}'),
        SideRecord(SideTopic.LABELS, 0, 4, b"l", b'{"subject":"a","kind":"alert","label":"x","by":"y"}'),
    ]
    tombstones = [replace(one, value=None) for one in broken]
    side = read_side([rule, *tombstones, *broken])
    assert (side.alerts, side.labels, side.erasures, side.refused) == ([], [], [], len(broken))
    with GraphWriter(tmp_path / "g") as writer:
        assert apply_poll(writer, Poll([], {}, side), Progress("topic", {}), 1).refused == len(broken)
