"""Headlines made of clauses of our own, in which a name's sentiment depends on nothing but the words beside it.

The data sets hold few texts that speak well of one name and badly of another, and a model that has seen few takes
the tone of the whole for that of each name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from models.sentiment_corpora import Example, Target

BAD, PLAIN, GOOD = range(3)
CLAUSES = {
    GOOD: (
        "gains", "rises", "jumps", "surges", "climbs", "rallies", "soars", "up {n} pct", "shares up {n}%", "advances",
        "beats forecasts", "tops estimates", "profit beats expectations", "quarterly profit jumps {n}%", "profit up",
        "raises outlook", "lifts full-year guidance", "raises dividend", "upgraded to buy", "rating raised",
        "wins ${n} bln contract", "wins order", "lands ${n} mln deal", "gets army contract", "bags {n} orders",
        "wins regulatory approval", "gets green light for new drug", "sales surge", "returns to profit",
        "hits record high", "swings to profit", "gains market share", "outperforms peers", "rebounds",
    ),
    BAD: (
        "falls", "drops", "slumps", "plunges", "sinks", "slides", "tumbles", "down {n} pct", "shares down {n}%", "dips",
        "misses forecasts", "lags estimates", "profit misses expectations", "quarterly profit falls {n}%", "loses",
        "cuts outlook", "issues profit warning", "slashes dividend", "downgraded to sell", "rating cut", "stumbles",
        "loses ${n} bln contract", "loses order", "fined ${n} mln", "sued by investors", "faces probe",
        "fails to win approval", "recalls {n},000 cars", "sales slump", "posts surprise loss", "files for bankruptcy",
        "hits record low", "to cut {n},000 jobs", "loses market share", "suffers setback", "halts production",
    ),
    PLAIN: (
        "holds annual meeting", "to report results on Tuesday", "names new chairman", "opens office in Dubai",
        "to speak at conference", "publishes annual report", "unchanged", "in talks", "moves headquarters",
        "says board to meet on {n} May", "flat", "trades flat", "appoints auditor", "to present strategy",
    ),
}  # fmt: skip
PAIRS = (
    ("{a} wins order over {b}", GOOD, BAD),
    ("{a} beats {b} to ${n} bln contract", GOOD, BAD),
    ("{a} overtakes {b}", GOOD, BAD),
    ("{a} takes market share from {b}", GOOD, BAD),
    ("{a} wins patent case against {b}", GOOD, BAD),
    ("{b} loses order to {a}", GOOD, BAD),
    ("{b} loses ground to {a}", GOOD, BAD),
    ("{b} ordered to pay {a} ${n} mln", GOOD, BAD),
    ("Buy {a}, sell {b}", GOOD, BAD),
    ("{b} cut to sell, {a} raised to buy", GOOD, BAD),
    ("{a} profits from woes of {b}", GOOD, BAD),
    ("{a} and {b} in talks", PLAIN, PLAIN),
    ("{a} to meet {b} in March", PLAIN, PLAIN),
    ("{a} sues {b} over patents", PLAIN, BAD),
)
LINKS = (", ", "; ", " as ", " while ", ", while ", " but ", " and ", " after ", " - ")
ENDS = ("", "", "", " after results", " in early trade", " - source", " on Monday", ": analysts")
STARTS = ("", "", "", "UPDATE 1-", "BRIEF-", "RPT-")
PAIRED = 0.25
_PLACE = re.compile(r"(\{[ab]\})")


def clauses(names: Sequence[str], count: int, chance: random.Random) -> list[Example]:
    """Return `count` headlines about two different ones of the names each."""
    return [_headline(chance.sample(names, 2), chance) for _ in range(count)]


def _headline(names: Sequence[str], chance: random.Random) -> Example:
    """Return a headline with both names, of one clause each or of one that speaks of both."""
    number = str(chance.randint(2, 40))
    if chance.random() < PAIRED:
        pattern, *labels = chance.choice(PAIRS)
    else:
        labels = chance.sample((BAD, GOOD, PLAIN), 2) if chance.random() < 1 / 3 else chance.sample((BAD, GOOD), 2)
        first, second = (chance.choice(CLAUSES[label]) for label in labels)
        pattern = f"{{a}} {first}{chance.choice(LINKS)}{{b}} {second}{chance.choice(ENDS)}"
    pattern = (chance.choice(STARTS) + pattern).replace("{n}", number)
    places = ("{a}", "{b}")
    return _filled(pattern, dict(zip(places, names, strict=True)), dict(zip(places, labels, strict=True)))


def _filled(pattern: str, names: dict[str, str], labels: dict[str, int]) -> Example:
    """Put the names into a pattern and note where they stand."""
    text = ""
    targets: list[Target] = []
    for part in _PLACE.split(pattern):
        if part in names:
            targets.append(Target(len(text), len(text) + len(names[part]), labels[part]))
        text += names.get(part, part)
    return Example(text, tuple(targets), "clauses")
