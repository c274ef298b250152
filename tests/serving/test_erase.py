"""Erased is erased: no order of topics, no repeat and no kill brings a subject back, and nothing else changes."""

import random
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import alert_keys, keyspace
from serving.erasures import (
    Erasure,
)
from serving.labels import Label
from serving.neighbors import neighbors
from serving.progress import Progress
from serving.queries import Question
from serving.store import GraphReader
from serving.subjects import find_node
from serving.windows import Window
from tests.oracles.alerts import Event, make_alert, shown
from tests.oracles.graph import Article, Said, changelog
from tests.oracles.strategies import ARTICLES, BASE_MS, DAY_MS, ENTITIES
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events
from udfs.alerts import Alert, AlertState
from udfs.clicks import Click
from wiregraph.dump import DumpKind, dump_lines

USERS = ["u:" + digit * 32 for digit in "abc"]
SESSIONS = ["visit-one", "visit-two", "visit-three"]
IDS = ["a1", "a2", "a3", "a4"]
EMPTY = Progress("topic", {})

ALERTS = st.lists(
    st.builds(
        lambda alert_id, version, session, user, state, event: make_alert(
            alert_id, version, session_id=session, user=user, state=state, events=(event,)
        ),
        st.sampled_from(IDS),
        st.integers(1, 4),
        st.sampled_from(SESSIONS),
        st.sampled_from(["", *USERS]),
        st.sampled_from([AlertState.OPEN, AlertState.WITHDRAWN]),
        st.builds(Click, st.sampled_from(SESSIONS), st.just("e"), st.just(1), st.just("view"), st.sampled_from(USERS)),
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
