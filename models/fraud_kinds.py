"""Kinds of coupon fraud beside the reference rule, each written into a real visit, mild as well as blatant.

The ranges reach into what honest shoppers do, and one fraud in ten (`mimic`) does nothing that tells it apart.
"""

from __future__ import annotations

from collections.abc import Callable

from models.fraud_shoppers import WORDS, browse, buy, fill_cart, honest, honest_codes, try_coupons
from models.fraud_visits import Script

REFERENCE = "reference_rule"
_Writer = Callable[[Script], None]


def reference_rule(script: Script) -> None:
    """Nine to thirteen dear views within two minutes, then the attempt: what the rule `coupon-abuse` is for."""
    browse(script, views_max=3)
    _dear_views(script, script.rng.randint(9, 13), within_s=script.rng.uniform(20, 70))
    script.add(script.end_ms + script.rng.uniform(500, 20_000), "coupon_attempt", coupon=honest_codes(script, 1)[0])


def slow_drip(script: Script) -> None:
    """Guesses codes patiently, looking at things meanwhile: below the count of any rule for bursts."""
    rng = script.rng
    items = browse(script)
    fill_cart(script, items)
    for guess in _guesses(script, rng.randint(3, 10)):
        script.add(script.end_ms + script.delay_ms(rng.uniform(15, 60), 0.4), "coupon_attempt", coupon=guess)
        if rng.random() < 0.3:  # noqa: PLR2004 - a view now and then
            script.add(script.end_ms + script.delay_ms(8), "view", rng.choice(items))


def many_coupons(script: Script) -> None:
    """Tries a list of codes quickly."""
    fill_cart(script, browse(script))
    try_coupons(script, _guesses(script, script.rng.randint(4, 15)), gap_s=script.rng.uniform(0.7, 6))


def even_bot(script: Script) -> None:
    """Looks at many things at an even pace, then tries a code or two."""
    rng = script.rng
    beat_ms, jitter = rng.uniform(700, 6_000), rng.uniform(0.02, 0.25)
    script.add(script.visit.times_ms[0], "view", script.visit.items[0])
    for _ in range(rng.randint(6, 25)):
        item = rng.choice(script.dear) if rng.random() < 0.15 else rng.choice(script.visit.items)  # noqa: PLR2004
        script.add(script.end_ms + beat_ms * rng.uniform(1 - jitter, 1 + jitter), "view", item)
    fill_cart(script, [script.visit.items[0]])
    for guess in _guesses(script, rng.choice((1, 1, 2))):
        script.add(script.end_ms + beat_ms * rng.uniform(1 - jitter, 1 + jitter), "coupon_attempt", coupon=guess)


def cart_cycles(script: Script) -> None:
    """Puts dear items in the cart and takes them out again, then tries the coupon."""
    rng = script.rng
    browse(script, views_max=20)
    chosen = rng.sample(script.dear, rng.randint(1, 3))
    for _ in range(rng.randint(2, 8)):
        item = rng.choice(chosen)
        script.add(script.end_ms + script.delay_ms(5), "add_to_cart", item)
        script.add(script.end_ms + script.delay_ms(rng.uniform(2, 8)), "remove_from_cart", item)
    script.add(script.end_ms + script.delay_ms(5), "add_to_cart", chosen[0])
    try_coupons(script, honest_codes(script, rng.choice((1, 2))), gap_s=6)


def purchase_burst(script: Script) -> None:
    """Uses a coupon for one purchase after the other."""
    rng = script.rng
    items = browse(script)
    pace_s = rng.uniform(1.5, 10)
    for guess in _guesses(script, rng.randint(2, 6)):
        script.add(script.end_ms + script.delay_ms(pace_s), "add_to_cart", rng.choice(items))
        script.add(script.end_ms + script.delay_ms(pace_s), "coupon_attempt", coupon=guess)
        buy(script, pace_s)


def below_rule(script: Script) -> None:
    """Dear views as the rule means them, but one too few or a little too slow."""
    rng = script.rng
    browse(script, views_max=3)
    if rng.random() < 0.5:  # noqa: PLR2004 - one way as often as the other
        _dear_views(script, rng.randint(3, 5), within_s=rng.uniform(20, 100))
    else:
        _dear_views(script, rng.randint(6, 9), within_s=rng.uniform(180, 400))
    fill_cart(script, [rng.choice(script.dear)])
    try_coupons(script, honest_codes(script, rng.choice((1, 1, 2))), gap_s=5)


def _dear_views(script: Script, count: int, within_s: float) -> None:
    gap_ms = 1_000 * within_s / count
    for _ in range(count):
        script.add(script.end_ms + gap_ms * script.rng.uniform(0.4, 1.3), "view", script.rng.choice(script.dear))


def _guesses(script: Script, count: int) -> list[str]:
    """Codes counted through, drawn at random, or known ones from a list."""
    rng = script.rng
    way = rng.choices(("counted", "random", "list"), (4, 3, 3))[0]
    if way == "counted":
        word, first = rng.choice(WORDS), rng.randrange(90)
        return [f"{word}{first + step:02d}" for step in range(count)]
    if way == "random":
        return ["".join(rng.choices("ABCDEFGHJKMNPQRSTUVWXYZ23456789", k=8)) for _ in range(count)]
    return [f"{rng.choice(WORDS)}{rng.choice((5, 10, 15, 20, 25, 50))}" for _ in range(count)]


KINDS: dict[str, tuple[_Writer, float]] = {
    "slow_drip": (slow_drip, 0.2),
    "many_coupons": (many_coupons, 0.2),
    "even_bot": (even_bot, 0.15),
    "cart_cycles": (cart_cycles, 0.12),
    "purchase_burst": (purchase_burst, 0.13),
    "below_rule": (below_rule, 0.1),
    "mimic": (honest, 0.1),
}
"""How each kind is written, and its share of all fraud that the cascade is trained for."""
