"""The novelty benchmark's twin against all pairs, and what signatures find of it, on headlines made here."""

import gzip
import random
from itertools import combinations
from pathlib import Path

from benchmarks.novelty import Compared, Headline, cost, estimated_pairs, exact_pairs, jaccard, quality, read_wire
from udfs.similarity import SIMILAR_LEAST, shingles

HOUR_MS = 3_600_000
WORDS = ["alpha", "beta", "gamma", "shares", "fall", "rise", "on", "talks", "of", "a", "deal", "with", "lender"]


def headlines(count: int = 600) -> list[Headline]:
    """A wire in which every other headline tells an earlier one again, in somewhat other words."""
    chance = random.Random(5)
    titles: list[str] = []
    for _ in range(count):
        words = [f"{chance.choice(WORDS)}{chance.randrange(40)}" for _ in range(10)]
        if titles and chance.random() < 0.5:
            words = chance.choice(titles[-200:]).split()
            for _ in range(chance.choice([0, 1, 1, 2, 3])):
                words[chance.randrange(len(words))] = chance.choice(WORDS)
        titles.append(" ".join(words))
    return [Headline(at * HOUR_MS, title) for at, title in enumerate(titles)]


def test_the_twin_leaves_out_no_pair() -> None:
    wire = headlines(200)
    every = [
        one * len(wire) + other
        for one, other in combinations(range(len(wire)), 2)
        if jaccard(shingles(wire[one].title), shingles(wire[other].title)) >= SIMILAR_LEAST and other - one <= 7 * 24
    ]
    assert exact_pairs(wire).tolist() == every


def test_signatures_find_what_the_twin_finds() -> None:
    wire = headlines()
    compared = Compared(exact_pairs(wire), estimated_pairs(wire))
    assert len(compared.exact) > 200
    assert compared.found / len(compared.exact) > 0.85
    assert len(compared.false) / len(compared.exact) < 0.1
    assert compared.found + len(compared.missed) == len(compared.exact)
    assert compared.novel_alike(len(wire)) > 0.95


def test_an_empty_wire_has_no_pairs() -> None:
    assert len(exact_pairs([])) == len(estimated_pairs([])) == 0
    assert len(estimated_pairs([Headline(0, "..."), Headline(1, "...")])) == 0


def test_a_wire_is_read_and_measured(tmp_path: Path) -> None:
    wire = tmp_path / "wire.tsv.gz"
    lines = [f"2008-09-{day:02}T00:00:00Z\tLehman falls on day {day}\n" for day in range(1, 30)]
    wire.write_bytes(gzip.compress("".join(["timestamp_utc\ttitle\n", *lines]).encode()))
    found = read_wire(wire, 1_220_313_600_000, 1_221_177_600_000)
    assert [one.title for one in found] == [f"Lehman falls on day {day}" for day in range(2, 12)]
    figures = {figure.name: figure.value for figure in (*quality(found), *cost(found))}
    assert figures["similar_pairs"] > 0
    assert figures["signature"] > 0
