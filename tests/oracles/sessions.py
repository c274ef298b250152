"""Random sessions and rules for tests of the pattern engine: times lie on a grid, so that bounds and ties are hit."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from udfs.clicks import KINDS, Click
from udfs.rulebook import COUPON_ABUSE, Rulebook, RuleHistory, RuleVersion
from udfs.rules import RULE, Rule

START_MS = 1_700_000_000_000
GRID_MS = 5_000
KINDS_OF_SESSIONS = [*["view"] * 8, *["coupon_attempt"] * 3, *KINDS]
WINDOWS = ("5s", "20s", "30s", "1m", "2m")
PRICES = (None, 1_000_000, 199_999_999, 200_000_000, 500_000_000)
CALM, HASTY = (0, 0, 1, 1, 2, 4, 24), (0, 0, 1, 1, 1, 2)
"""Steps between the clicks of a session, in GRID_MS."""
COUPONS = ("", "SAVE10", "SAVE20")


@dataclass(frozen=True)
class Case:
    """Clicks in order of arrival, and rules."""

    clicks: list[Click]
    histories: list[RuleHistory]

    @property
    def rulebook(self) -> Rulebook:
        book = Rulebook()
        for history in self.histories:
            book = book.with_history(history)
        return book


def case(seed: int, sessions: int = 20) -> Case:
    """The same case for the same seed."""
    rng = Random(seed)
    clicks = [click for number in range(sessions) for click in _session(rng, f"s{number}")]
    arrivals = sorted(clicks, key=lambda click: click.event_time_ms + _delay_ms(rng))
    for _ in range(len(clicks) // 20):
        first = rng.randrange(len(arrivals))
        arrivals.insert(first + rng.randrange(30), arrivals[first])
    rules = [_core(rng, f"rule-{number}") for number in range(rng.randint(1, 3))]
    reference = RuleHistory(COUPON_ABUSE.name, (RuleVersion(1, 0, COUPON_ABUSE),))
    return Case(arrivals, [reference, *(history(rng, rule) for rule in rules)])


def _session(rng: Random, session_id: str) -> list[Click]:
    time_ms = START_MS + rng.randrange(240) * GRID_MS
    steps, prices = rng.choice(((CALM, PRICES), (HASTY, PRICES[1:]), (HASTY, PRICES[3:])))
    clicks = []
    for number in range(rng.randint(1, 16)):
        time_ms += rng.choice(steps) * GRID_MS
        name = f"e{rng.randrange(100):02d}-{number}"
        price = rng.choice(prices)
        kind = KINDS[rng.choice(KINDS_OF_SESSIONS)]
        coupon = rng.choice(COUPONS) if kind == "coupon_attempt" else ""
        clicks.append(
            Click(session_id, name, time_ms, kind, f"u:{rng.randrange(9)}", f"i{rng.randrange(4)}", price, coupon)
        )
    return clicks


def _delay_ms(rng: Random) -> int:
    return rng.choice((0, 0, 0, 1, GRID_MS, 30_000, 60_000, rng.randrange(100_000), rng.randrange(400_000)))


def history(rng: Random, rule: Rule) -> RuleHistory:
    """One to three versions of a rule, some of which end it or change it."""
    made = RuleHistory(rule.name, (RuleVersion(1, rng.choice((0, 0, START_MS + rng.randrange(240) * GRID_MS)), rule),))
    for _ in range(rng.choice((0, 0, 1, 2))):
        changed = _core(rng, rule.name) if rule.tier == "core" else rate(rng, rule.name)
        changed = changed.model_copy(update={"enabled": rng.random() < 0.8})
        made = made.with_version(changed, START_MS + rng.randrange(240) * GRID_MS)
    return made


def _core(rng: Random, name: str) -> Rule:
    fields: dict[str, Any] = {"name": name, "why": "Random", "trigger": _filter(rng, trigger=True)}
    fields["when"] = [_term(rng) for _ in range(rng.choice((0, 1, 1, 1, 2)))]
    if rng.random() < 0.4 or not fields["when"]:
        fields["unless"] = {"happens": _filter(rng), "within": rng.choice(WINDOWS)}
    return RULE.validate_python(fields)


def rate(rng: Random, name: str) -> Rule:
    """A random batch rule."""
    return RULE.validate_python(
        {
            "name": name,
            "why": "Random",
            "tier": "batch",
            "trigger": {"kind": ["coupon_attempt", "checkout"][: rng.randint(1, 2)]},
            "across": rng.choice(("user", "coupon")),
            "counting": rng.choice(("sessions", "events")),
            "at_least": rng.randint(1, 4),
            "within": rng.choice(WINDOWS),
        }
    )


def _filter(rng: Random, *, trigger: bool = False) -> dict[str, Any]:
    kinds = ["coupon_attempt", "checkout", "add_to_cart"] if trigger else ["view", "add_to_cart", "coupon_attempt"]
    fields: dict[str, Any] = {"kind": rng.sample(kinds, rng.randint(1, 2))}
    if rng.random() < 0.25:
        fields["price"] = rng.choice(({"min": 200}, {"max": 200}, {"min": 1, "max": 199.999999}))
    if rng.random() < 0.1:
        fields["item"] = ["i0", "i1"]
    if rng.random() < 0.1:
        fields["coupon"] = rng.choice(({"present": True}, {"present": False}, {"equals": "SAVE10"}))
    return fields


def _term(rng: Random) -> dict[str, Any]:
    kind = rng.choice(("count", "sum", "before", "before"))
    term: dict[str, Any] = {kind: _filter(rng), "within": rng.choice(WINDOWS)}
    bound = rng.choice(("more_than", "at_least"))
    if kind == "count":
        term[bound] = rng.randint(1, 3)
    elif kind == "sum":
        term[bound] = rng.choice((200, 400.5, 1))
    else:
        term["times"] = rng.randint(1, 2)
        if rng.random() < 0.6:
            term["without"] = _filter(rng)
    return term
