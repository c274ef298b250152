"""Rates across sessions equal their brute-force twin, whatever the order, the watermarks, the restarts."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.patterns import rates
from tests.oracles.sessions import Case, case, history, rate
from udfs.alerts import Alert, AlertState, Tier, alert_id
from udfs.batch_tier import KEEP_MS, Rates, pack_matches, shard_of, unpack_matches
from udfs.patterns import Match, Partition
from udfs.rulebook import Rulebook, RuleHistory, RuleVersion

NEVER_MS = 1 << 60


def rated_case(seed: int) -> Case:
    rng = Random(seed)
    return Case(case(seed, 30).clicks, [history(rng, rate(rng, f"rate-{number}")) for number in range(2)])


def matches_of(made: Case) -> list[Match]:
    return Partition(Rulebook()).add(made.clicks).matches


class Served:
    """The alerts as a store holds them."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}

    def apply(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            known = self.alerts.get(alert.alert_id)
            assert known is None or alert.version > known.version or alert == known
            self.alerts[alert.alert_id] = alert

    def open(self) -> dict[str, tuple[str, ...]]:
        return {alert.alert_id: alert.evidence for alert in self.alerts.values() if alert.state is AlertState.OPEN}


def run(made: Case, rng: Random, *, restarts: bool) -> Served:
    tier, served, chunks, rest = Rates(made.rulebook), Served(), [b""], matches_of(made)
    while rest:
        size = rng.choice((1, 3, 30))
        batch, rest = rest[:size], rest[size:]
        chunks.append(pack_matches(batch))
        served.apply(tier.add(batch))
        if rng.random() < 0.5:
            latest = max(match.click.event_time_ms for match in batch)
            served.apply(tier.advance(latest - rng.randrange(120_000)))
        if restarts and rng.random() < 0.3:
            tier = Rates.rebuild(made.rulebook, chunks, tier.watermark_ms)
    served.apply(tier.advance(NEVER_MS))
    assert tier.deadline_ms is None
    return served


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 32), st.booleans())
def test_it_equals_the_brute_force_twin(seed: int, chance: int, restarts: bool) -> None:
    made = rated_case(seed)
    clicks = list(dict.fromkeys(match.click for match in matches_of(made)))
    truth = {
        alert_id(one.name, version, value, start): evidence
        for one in made.histories
        for (version, value, start), evidence in rates(clicks, one).items()
    }
    assert run(made, Random(chance), restarts=restarts).open() == truth


def test_one_coupon_in_many_sessions() -> None:
    book = Rulebook().with_history(
        RuleHistory("rate-0", (RuleVersion(1, 0, rate(Random(1), "rate-0").model_copy(update=SPRAY)),))
    )
    tier = Rates(book)
    matches = [
        Match("coupon", "SAVE10", made._replace(session_id=f"s{number}")) for number, made in enumerate(ATTEMPTS)
    ]
    assert tier.add(matches) == []
    assert tier.deadline_ms == 105_000
    (alert,) = tier.advance(105_000)
    assert (alert.tier, alert.version, alert.session_id) == (Tier.BATCH, 3, "s2")
    assert alert.alert_id == alert_id("rate-0", 1, "SAVE10", 45_000)
    assert alert.evidence == tuple(one.event_id for one in ATTEMPTS)
    late = ATTEMPTS[0]._replace(session_id="s9", event_id="late")
    (again,) = tier.add([Match("coupon", "SAVE10", late)])
    assert (again.alert_id, again.version) == (alert.alert_id, 4)


ATTEMPTS = [one._replace(event_time_ms=100_000 + at) for at, one in enumerate(case(0).clicks[:3])]
ATTEMPTS = [one._replace(kind="coupon_attempt", coupon="SAVE10") for one in ATTEMPTS]
SPRAY = {"across": "coupon", "counting": "sessions", "at_least": 3, "more_than": None, "within_ms": 60_000}


@given(st.integers(0, 1 << 32))
def test_a_rule_put_late_is_as_if_it_had_been_there(seed: int) -> None:
    made = rated_case(seed)
    at_once, later, served = Rates(made.rulebook), Rates(Rulebook()), Served()
    for tier in (at_once, later):
        tier.add(matches_of(made))
    expected = {alert.alert_id: alert for alert in at_once.advance(NEVER_MS)}
    later.watermark_ms = at_once.watermark_ms
    served.apply(later.put(made.rulebook))
    assert served.alerts == expected
    served.apply(later.put(made.rulebook))
    assert served.alerts == expected


def test_matches_travel_as_bytes() -> None:
    matches = matches_of(case(3))
    assert {match.scope for match in matches} == {"user", "coupon"}
    assert unpack_matches(pack_matches(matches)) == matches
    assert unpack_matches(pack_matches([])) == []


@pytest.mark.parametrize("shards", [1, 3, 16])
def test_shards(shards: int) -> None:
    matches = matches_of(case(3))
    found = {shard_of(match, shards) for match in matches}
    assert found <= set(range(shards))
    assert len(found) > shards // 2
    assert shard_of(Match("coupon", "SAVE10", ATTEMPTS[0]), 16) == 2


def test_memory_is_bounded() -> None:
    tier = Rates(Rulebook())
    tier.add([Match("coupon", "SAVE10", ATTEMPTS[0])])
    tier.advance(ATTEMPTS[0].event_time_ms + KEEP_MS + 1)
    assert tier._clicks == {}
