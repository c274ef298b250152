from random import Random

import pytest

from models.fraud_cases import attempts, is_reference
from models.fraud_kinds import KINDS, reference_rule
from models.fraud_visits import Case, Script, Visit, price_micro
from udfs.clicks import COUPON_ATTEMPT

ITEMS = tuple(f"item-{number}" for number in range(400))
DEAR = tuple(item for item in ITEMS if price_micro(item) >= 200_000_000)
SEEDS = range(40)


def written(kind: str, seed: int) -> Case:
    rng = Random(seed)
    visit = Visit("v", 0, tuple(range(0, 60_000, 10_000)), tuple(rng.choices(ITEMS, k=6)))
    script = Script(rng, visit, DEAR, "s")
    (reference_rule if kind == "reference_rule" else KINDS[kind][0])(script)
    return script.case(kind)


def tries(case: Case) -> list[str]:
    return [click.coupon for click in case.clicks if click.kind == COUPON_ATTEMPT]


def test_the_shares_of_the_kinds_add_up() -> None:
    assert sum(share for _, share in KINDS.values()) == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_ends_in_an_attempt_on_a_named_coupon(kind: str) -> None:
    for seed in SEEDS:
        assert tries(written(kind, seed))
        assert all(tries(written(kind, seed)))


def alerted(kind: str) -> float:
    """The share of sessions on which the rule alerts."""
    hits = [any(is_reference(window) for _, window in attempts(written(kind, seed).clicks)) for seed in SEEDS]
    return sum(hits) / len(hits)


def test_the_rule_alerts_on_its_own_kind_and_hardly_on_what_is_just_below() -> None:
    # Some prices are missing, and some visits had dear views already.
    assert alerted("reference_rule") > 0.9
    assert alerted("below_rule") < 0.25


@pytest.mark.parametrize(
    ("kind", "least"), [("slow_drip", 3), ("many_coupons", 4), ("purchase_burst", 2), ("even_bot", 1)]
)
def test_who_guesses_tries_so_often(kind: str, least: int) -> None:
    assert min(len(tries(written(kind, seed))) for seed in SEEDS) == least


def test_a_cart_cycle_takes_out_what_it_put_in() -> None:
    for seed in SEEDS:
        cart = [click.kind for click in written("cart_cycles", seed).clicks if "cart" in click.kind]
        assert cart.count("add_to_cart") == cart.count("remove_from_cart") + 1 >= 3
