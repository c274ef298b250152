"""Erased is erased: no order of topics, no repeat and no kill brings a subject back, and nothing else changes."""

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import alert_keys, keyspace
from serving.apply import Poll, apply_poll
from serving.erasures import (
    Erasure,
    erasure_record_key,
    erasure_value,
    is_subject,
    parse_erasure,
)
from serving.labels import Label
from serving.neighbors import neighbors
from serving.progress import Progress
from serving.queries import Question, find_node
from serving.side import SideRecord, SideTopic, read_side
from serving.store import GraphReader, GraphWriter
from serving.windows import Window
from tests.oracles.alerts import Event, make_alert, shown
from tests.oracles.graph import Article, Said, changelog
from tests.oracles.strategies import ARTICLES, BASE_MS, DAY_MS, ENTITIES
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events
from udfs.alerts import Alert, AlertState
from wiregraph.dump import DumpKind, dump_lines

USERS = ["u:" + digit * 32 for digit in "abc"]
SESSIONS = ["visit-one", "visit-two", "visit-three"]
IDS = ["a1", "a2", "a3", "a4"]
EMPTY = Progress("topic", {})

ALERTS = st.lists(
    st.builds(
        lambda alert_id, version, session, user, state: make_alert(
            alert_id, version, session_id=session, user=user, state=state
        ),
        st.sampled_from(IDS),
        st.integers(1, 4),
        st.sampled_from(SESSIONS),
        st.sampled_from(["", *USERS]),
        st.sampled_from([AlertState.OPEN, AlertState.WITHDRAWN]),
    ),
    max_size=8,
    unique_by=lambda alert: (alert.alert_id, alert.version),
)
ABOUT = [*((alert_id, "alert") for alert_id in IDS), *((f"{entity}/news/a0", "mention") for entity in ENTITIES[:2])]
LABELS = st.lists(
    st.builds(
        lambda about, label, by, at: Label(about[0], about[1], label, by, at),
        st.sampled_from(ABOUT),
        st.sampled_from(["fraud", "ok"]),
        st.sampled_from(["ann", "bob"]),
        st.integers(1, 3),
    ),
    max_size=6,
)
ERASURES = st.lists(
    st.builds(
        Erasure,
        st.sampled_from([*ENTITIES[:3], *USERS[:2], "session:visit-one", "session:visit-two"]),
        st.integers(1, 9),
    ),
    max_size=3,
)


def entries(path: Path) -> dict[bytes, bytes]:
    """All that is stored but for progress, guards, changes and their numbers, and who was ever named."""
    own = (keyspace.PROGRESS, keyspace.ERASED, keyspace.CHANGE, alert_keys.CHANGE, alert_keys.OF_SUBJECT)
    with GraphReader(path) as reader:
        found = dict(reader.view().scan(b"\0", b"\xff"))
    kept = {key: value for key, value in found.items() if not key.startswith(own)}
    return {key: value[:8] if key.startswith(alert_keys.STAMP) else value for key, value in kept.items()}


@settings(max_examples=40)
@given(ARTICLES, ALERTS, LABELS, ERASURES, st.randoms(use_true_random=False))
def test_any_order_ends_as_if_the_subject_had_never_been(
    articles: list[Article],
    alerts: list[Alert],
    labels: list[Label],
    erasures: list[Erasure],
    chance: random.Random,
) -> None:
    rows = changelog(articles)
    events: list[Event] = [*rows, *alerts, *labels, *erasures]
    chance.shuffle(events)
    events += chance.choices(events, k=len(events) // 2)  # Replays, of erased subjects too.
    expected = shown(events)
    with TemporaryDirectory() as directory:
        path, twin = Path(directory) / "g", Path(directory) / "twin"
        at = 0
        progress = EMPTY
        while at < len(events):
            size = chance.randint(1 + len(events) // 8, len(events))
            progress = apply_events(path, events[at : at + size], EMPTY)
            at += size
        reference = apply_events(twin, [*expected.rows, *expected.alerts, *expected.labels], EMPTY)
        found, beginnings = entries(path), (keyspace.BEGINNING,)
        wanted = entries(twin)
        for key in [*found, *wanted]:  # When the graph began may be known from a fact that is gone.
            if not key.startswith(beginnings):
                assert found.get(key) == wanted.get(key), key
        assert (progress.facts, progress.entities) == (reference.facts, reference.entities)
        assert progress.erasures == len(expected.subjects)
        with GraphReader(path) as reader:
            stored = [pair for pair in reader.view().scan(b"\0", b"\xff") if not pair[0].startswith(keyspace.ERASED)]
            guards = [key[1:].decode() for key, _ in reader.view().scan_prefix(keyspace.ERASED)]
        assert {guard for guard in guards if not guard.startswith("alert:")} == expected.subjects
        everything = b"\n".join(part for pair in stored for part in pair)
        for subject in expected.subjects:
            assert subject.removeprefix("session:").encode() not in everything


PAIR = Article("x", BASE_MS, BASE_MS, (Said("per:jane-doe", 500_000, 100_000), Said("org:b", 400_000, 0)))
OTHER = Article("y", BASE_MS, BASE_MS, (Said("org:b", 400_000, 0), Said("org:c", 400_000, 0)))


def test_an_erased_entity_stays_away(tmp_path: Path) -> None:
    path = fill_store(tmp_path / "g", [PAIR, OTHER])
    apply_events(path, [Erasure("per:jane-doe", 5)], EMPTY)
    fill_store(path, [PAIR])
    asked = Question(Window(BASE_MS + DAY_MS, 2 * DAY_MS))
    with GraphReader(path) as reader:
        view = reader.view()
        assert find_node(view, "per:jane-doe") is None
        assert [one.node.entity for one in neighbors(view, "org:b", asked, None)] == ["org:c"]
        assert (view.progress().facts, view.progress().entities) == (3, 2)
        assert b"jane" not in b"".join(dump_lines(view))


def test_a_large_entity_is_taken_away_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.erase.ROWS_AT_ONCE", 7)
    articles = [replace(PAIR, article_id=f"x{number}", event_time=BASE_MS + 10**7 * number) for number in range(40)]
    path = fill_store(tmp_path / "g", articles)
    progress = apply_events(path, [Erasure("org:b", 5)], EMPTY)
    assert (progress.facts, progress.entities) == (40, 1)
    with GraphReader(path) as reader:
        keys = [key for key, _ in reader.view().scan(b"\0", b"\xff") if b"org:b" in key]
    assert keys == [keyspace.erased_key("org:b")]


def test_dump_shows_alerts_as_they_were_decided(tmp_path: Path) -> None:
    path = tmp_path / "g"
    first, second = make_alert("a1", 7), make_alert("a2", 8, state=AlertState.WITHDRAWN)
    apply_events(path, [second, first, Label("a1", "alert", "ok", "ann", 5)], EMPTY)
    with GraphReader(path) as reader:
        lines = list(dump_lines(reader.view(), DumpKind.ALERTS))
    assert [line.split(b"\t")[:2] for line in lines] == [[b"alert/a1", b"7"], [b"alert/a2", b"8"]]
    assert all(b"decided_at" not in line and b'"version"' not in line for line in lines)
    assert b'"state":"open"' in lines[0]
    assert b'"state":"withdrawn"' in lines[1]


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "u:123",
        "user:jane",
        "jane",
        "u:" + "A" * 32,
        "per:a/b",
        "per:",
        "session:",
        "alert:x",
        "per:\0",
        "eq:" + "x" * 2_000,
    ],
)
def test_what_is_no_subject(subject: str) -> None:
    assert not is_subject(subject)
    erasure = Erasure(subject, 1)
    assert parse_erasure(erasure_record_key(erasure), erasure_value(erasure)) is None


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
        assert apply_poll(writer, Poll([], {}, side), EMPTY, 1).refused == len(broken)
