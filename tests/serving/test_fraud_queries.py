from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.fraud_queries import AlertFilter, Change, alert_page, changes_after, find_alert, find_label
from serving.labels import Label, LabelKind
from serving.progress import Progress
from serving.store import GraphReader, View
from tests.oracles.alerts import make_alert
from tests.serving.fraud_events import apply_events
from udfs.alerts import Alert, AlertState

USERS = ["", "u:" + "a" * 32, "u:" + "b" * 32]
EMPTY = Progress("topic", {})
FILTERS = st.builds(
    AlertFilter,
    state=st.sampled_from(["", "open", "reviewed", "withdrawn"]),
    rule=st.sampled_from(["", "coupon-abuse", "rush"]),
    session_id=st.sampled_from(["", "s0", "s1"]),
    user=st.sampled_from(USERS),
    from_ms=st.integers(0, 3),
    to_ms=st.integers(3, 5),
)


def alerts(rng: Random) -> list[Alert]:
    return [
        make_alert(
            f"a{number}",
            rule=rng.choice(["coupon-abuse", "rush"]),
            session_id=rng.choice(["s0", "s1", "s2"]),
            user=rng.choice(USERS),
            event_time_ms=rng.randrange(5),
            state=rng.choice([AlertState.OPEN, AlertState.WITHDRAWN]),
        )
        for number in range(8)
    ]


def pages(view: View, asked: AlertFilter, size: int) -> Iterator[str]:
    page = alert_page(view, asked, size)
    while True:
        assert len(page.alerts) <= size
        yield from (one.alert.alert_id for one in page.alerts)
        if page.last_key is None:
            return
        page = alert_page(view, asked, size, page.last_key)


@settings(max_examples=10)
@given(st.integers(0, 1 << 32), st.lists(FILTERS, min_size=4, max_size=4), st.integers(1, 9))
def test_pages_hold_what_is_asked_for_newest_first(seed: int, filters: list[AlertFilter], size: int) -> None:
    made, reviewed = alerts(Random(seed)), {"a1", "a2"}
    with TemporaryDirectory() as directory:
        apply_events(Path(directory), [*made, *(Label(one, "alert", "ok", "ann", 5) for one in reviewed)], EMPTY)
        with GraphReader(Path(directory)) as reader:
            for asked in filters:
                found = list(pages(reader.view(), asked, size))
                wanted = [one for one in made if wants(asked, one, reviewed=one.alert_id in reviewed)]
                assert found == [
                    one.alert_id for one in sorted(wanted, key=lambda one: (-one.event_time_ms, one.alert_id))
                ]


def wants(asked: AlertFilter, alert: Alert, *, reviewed: bool) -> bool:
    state = "reviewed" if reviewed and alert.state is AlertState.OPEN else alert.state
    return (
        asked.state in {"", state}
        and asked.rule in {"", alert.rule}
        and asked.session_id in {"", alert.session_id}
        and asked.user in {"", alert.user}
        and asked.from_ms <= alert.event_time_ms < asked.to_ms
    )


@pytest.fixture
def view(tmp_path: Path) -> Iterator[View]:
    labels = [Label("a1", "alert", "fraud", "ann", 5), Label("a1", "alert", "ok", "bob", 4)]
    apply_events(tmp_path / "g", [make_alert("a1", 6), make_alert("a2"), *labels, make_alert("a2", 2)], EMPTY)
    with GraphReader(tmp_path / "g") as reader:
        yield reader.view()


def test_the_latest_word_of_all_is_the_review(view: View) -> None:
    found = find_alert(view, "a1")
    assert found is not None
    assert (found.alert, found.state, found.decided_at) == (make_alert("a1", 6), "reviewed", 1_700_000_100_006)
    assert found.review == Label("a1", "alert", "fraud", "ann", 5)
    assert find_alert(view, "a") is None


def test_what_somebody_said_last(view: View) -> None:
    assert find_label(view, LabelKind.ALERT, "a1", "bob") == Label("a1", "alert", "ok", "bob", 4)
    assert find_label(view, LabelKind.ALERT, "a1", "bo") is None
    assert find_label(view, LabelKind.MENTION, "a1", "bob") is None


def test_of_each_alert_the_latest_change_alone_is_there(view: View) -> None:
    changes = changes_after(view, 0, 9)
    assert [one.alert_id for one in changes] == ["a2", "a1"]
    assert [one.number for one in changes] == sorted({one.number for one in changes})
    assert changes_after(view, 0, 1) == changes[:1]
    assert changes_after(view, changes[0].number, 9) == [Change(changes[1].number, "a1")]
    assert changes_after(view, changes[1].number, 9) == []
