"""Honest shoppers who try a coupon, with the habits that look like fraud: so the task is not a trivial one."""

from __future__ import annotations

from models.fraud_visits import Script

WORDS = ("SAVE", "WELCOME", "SPRING", "VIP", "NEWS", "FREESHIP", "HELLO", "APRIL")
DEAR_TASTE_SHARE = 0.06
HURRIED_SHARE = 0.08
FIDDLER_SHARE = 0.06
BULK_BUYER_SHARE = 0.02
BUYS_SHARE = 0.6
_TRIES = {1: 0.74, 2: 0.14, 3: 0.07, 4: 0.03, 6: 0.015, 9: 0.005}
"""How many coupons an honest customer tries, and how often."""


def browse(script: Script, views_max: int = 60) -> list[str]:
    """Add the visit's views, now and then those of somebody in a hurry or with a dear taste; return the items."""
    rng, visit = script.rng, script.visit
    start_ms = visit.times_ms[0]
    pace = rng.uniform(0.1, 0.4) if rng.random() < HURRIED_SHARE else 1.0
    dear = rng.random() < DEAR_TASTE_SHARE
    items = []
    for time_ms, item in list(zip(visit.times_ms, visit.items, strict=True))[:views_max]:
        chosen = rng.choice(script.dear) if dear and rng.random() < 0.8 else item  # noqa: PLR2004 - four of five
        script.add(start_ms + (time_ms - start_ms) * pace, "view", chosen)
        items.append(chosen)
    return items


def honest(script: Script) -> None:
    """Browse, fill the cart, try a coupon or a few, often buy."""
    rng = script.rng
    items = browse(script)
    fill_cart(script, items)
    count = rng.choices(list(_TRIES), list(_TRIES.values()))[0]
    try_coupons(script, honest_codes(script, count), gap_s=rng.choice((3.0, 8.0, 20.0)))
    if rng.random() < BUYS_SHARE:
        rounds = rng.randint(2, 3) if rng.random() < BULK_BUYER_SHARE else 1
        for _ in range(rounds):
            buy(script, pace_s=15.0)
        if rng.random() < 0.1:  # noqa: PLR2004 - now and then another coupon for another cart
            script.add(script.end_ms + script.delay_ms(60), "coupon_attempt", coupon=code(script))


def fill_cart(script: Script, items: list[str]) -> None:
    """Put some items in the cart; a fiddler takes them out and puts them back."""
    rng = script.rng
    for item in rng.sample(items, min(len(items), rng.choice((0, 1, 1, 1, 2, 3)))):
        script.add(script.end_ms + script.delay_ms(8), "add_to_cart", item)
        for _ in range(rng.randint(1, 4) if rng.random() < FIDDLER_SHARE else 0):
            script.add(script.end_ms + script.delay_ms(5), "remove_from_cart", item)
            script.add(script.end_ms + script.delay_ms(6), "add_to_cart", item)


def try_coupons(script: Script, codes: list[str], gap_s: float) -> None:
    """Try codes one after the other."""
    script.add(script.end_ms + script.delay_ms(20, 1.0), "coupon_attempt", coupon=codes[0])
    for one in codes[1:]:
        script.add(script.end_ms + script.delay_ms(gap_s), "coupon_attempt", coupon=one)


def buy(script: Script, pace_s: float) -> None:
    """Check out and pay."""
    script.add(script.end_ms + script.delay_ms(pace_s), "checkout")
    script.add(script.end_ms + script.delay_ms(pace_s), "purchase")


def code(script: Script) -> str:
    """Draw a code as shops print them."""
    return f"{script.rng.choice(WORDS)}{script.rng.choice((5, 10, 15, 20, 25, 50))}"


def honest_codes(script: Script, count: int) -> list[str]:
    """One code and its misspellings, the same code again, or codes from a list of a coupon site."""
    rng = script.rng
    first = code(script)
    habit = rng.choices(("misspelt", "again", "list"), (5, 2, 3))[0]
    if habit == "again":
        return [first] * count
    if habit == "list":
        return [first, *(code(script) for _ in range(count - 1))]
    return [*(_misspelt(script, first) for _ in range(count - 1)), first]


def _misspelt(script: Script, word: str) -> str:
    place = script.rng.randrange(len(word))
    return word[:place] + script.rng.choice("ABEIORS0158") * script.rng.randint(0, 1) + word[place + 1 :]
