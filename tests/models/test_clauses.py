from __future__ import annotations

from random import Random

import pytest

from models.clauses import BAD, CLAUSES, GOOD, PAIRS, PLAIN, clauses

NAMES = ("Acme", "Zeta", "Tata Motors", "SBI")
MADE = clauses(NAMES, 2_000, Random(1))


def test_each_headline_speaks_of_two_names_where_they_stand() -> None:
    for one in MADE:
        surfaces = [one.text[target.start : target.end] for target in one.targets]
        assert len(set(surfaces)) == len(surfaces) == 2
        assert set(surfaces) <= set(NAMES)
        assert not set("{}") & set(one.text)


def test_most_speak_well_of_one_and_badly_of_the_other() -> None:
    assert sum(one.opposite for one in MADE) / len(MADE) > 0.7
    assert {target.label for one in MADE for target in one.targets} == {BAD, PLAIN, GOOD}


@pytest.mark.parametrize(
    ("text", "labels"), [("Zeta loses order to Acme", [BAD, GOOD]), ("Acme overtakes Zeta", [GOOD, BAD])]
)
def test_a_pair_keeps_its_labels_whatever_the_order(text: str, labels: list[int]) -> None:
    (found,) = {one for one in clauses(("Acme", "Zeta"), 2_000, Random(2)) if one.text == text}
    assert [target.label for target in found.targets] == labels


def test_no_clause_has_two_labels() -> None:
    every = [clause for group in CLAUSES.values() for clause in group]
    assert len(every) == len(set(every))
    assert all("{a}" in pattern and "{b}" in pattern for pattern, *_ in PAIRS)
