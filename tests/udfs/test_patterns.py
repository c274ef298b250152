"""The pattern engine equals its brute-force twin, whatever the order, the batches, the restarts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.oracles.patterns import Expected, accepted, expected
from tests.oracles.sessions import Case, case
from udfs import patterns_memory
from udfs.alerts import Alert, AlertState, Score
from udfs.clicks import Click
from udfs.patterns import Partition, pack
from udfs.rulebook import RuleHistory

SESSIONS = int(os.environ.get("PATTERN_SESSIONS", "20000"))
PER_CASE = 20
NEVER_MS = 1 << 60


def suspicious(events: Sequence[Click]) -> bool:
    """Some function of all events and their order."""
    return sum((at + 1) * (event.price_micro or 7) for at, event in enumerate(events)) % 3 == 0


def score(events: Sequence[Click]) -> Score | None:
    return Score(700_000, 1, "test=1", "Odd", {"events": len(events)}) if suspicious(events) else None


class Run:
    """The upserts of a run, as a served store would hold them."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}

    def apply(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            known = self.alerts.get(alert.alert_id)
            assert known is None or alert.version > known.version, (known, alert)
            self.alerts[alert.alert_id] = alert

    def standing(self) -> set[Expected]:
        return {
            Expected(alert.rule, alert.rule_version, alert.session_id, alert.evidence)
            for alert in self.alerts.values()
            if alert.state is AlertState.OPEN
        }


def run(made: Case, rng: Random, *, cascade: bool, restarts: bool = False) -> Run:
    """The case in random batches; with `restarts` the partition is rebuilt from its chunks now and then."""
    scorer = score if cascade else None
    partition, done, chunks, rest = Partition(made.rulebook, scorer), Run(), [b""], list(made.clicks)
    while rest:
        size = rng.choice((1, 2, 7, 40, 400))
        batch, rest = rest[:size], rest[size:]
        outcome = partition.add(batch)
        chunks.append(pack(outcome.accepted))
        done.apply(outcome.alerts)
        if restarts and rng.random() < 0.3:
            partition = Partition.rebuild(made.rulebook, chunks, partition.watermark_ms, scorer)
    done.apply(partition.advance(NEVER_MS))
    assert partition.deadline_ms is None
    return done


@pytest.mark.parametrize("part", range(4))
def test_it_equals_the_brute_force_twin(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """SESSIONS random sessions with disorder, duplicates, late clicks, absences and rules that change."""
    monkeypatch.setattr(patterns_memory, "IDLE_MS", (1_000, patterns_memory.IDLE_MS)[part % 2])
    alerts = withdrawn = 0
    for seed in range(part, SESSIONS // PER_CASE, 4):
        made, cascade = case(seed, PER_CASE), seed % 8 < 4
        done = run(made, Random(seed), cascade=cascade, restarts=seed % 3 == 0)
        truth = expected(made.clicks, made.histories, suspicious if cascade else None)
        assert done.standing() == truth, seed
        alerts += len(truth)
        withdrawn += len(done.alerts) - len(truth)
    assert alerts > SESSIONS // 20
    assert withdrawn > 0


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 32), st.booleans())
def test_batches_and_restarts_change_nothing(seed: int, chance: int, cascade: bool) -> None:
    made = case(seed, 6)
    whole = run(made, Random(0), cascade=cascade)
    other = run(made, Random(chance), cascade=cascade, restarts=True)
    assert whole.alerts == other.alerts


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 32))
def test_order_within_the_bound_changes_no_open_alert(seed: int, chance: int) -> None:
    made, rng = case(seed, 6), Random(chance)
    clicks = accepted(made.clicks)
    ordered = sorted(clicks, key=lambda click: click.event_time_ms)
    shuffled = sorted(clicks, key=lambda click: click.event_time_ms + rng.randrange(60_000))
    runs = [run(Case(order, made.histories), rng, cascade=True) for order in (ordered, shuffled)]
    assert runs[0].standing() == runs[1].standing()


@given(st.integers(0, 1 << 32), st.integers(0, 100))
def test_a_rule_that_is_put_while_clicks_come_decides_as_if_it_had_been_there(seed: int, percent: int) -> None:
    made = case(seed, 8)
    cut = len(made.clicks) * percent // 100
    latest_ms = max((click.event_time_ms for click in made.clicks[:cut]), default=0)
    known = [
        RuleHistory(one.name, tuple(v for v in one.versions if v.effective_from_ms < latest_ms - 60_000) or ())
        for one in made.histories
    ]
    partition, done = Partition(Case([], [one for one in known if one.versions]).rulebook, score), Run()
    # Who puts a version live puts it behind those that came.
    assume(
        all(one.versions == full.versions[: len(one.versions)] for one, full in zip(known, made.histories, strict=True))
    )
    done.apply(partition.add(made.clicks[:cut]).alerts)
    done.apply(partition.put(made.rulebook))
    assert partition.put(made.rulebook) == []
    done.apply(partition.add(made.clicks[cut:]).alerts)
    done.apply(partition.advance(NEVER_MS))
    assert done.standing() == expected(made.clicks, made.histories, suspicious)
