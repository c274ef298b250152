from collections import Counter

import pytest

from models.gazetteer_build.words import WordUse

USE = WordUse(
    lower=Counter(gap=20, once=1, rare=2, target=2),
    capital=Counter(rare=98, target=99, once=0),
    person=Counter(ford=3, kate=1),
    place=Counter(ohio=1, ford=1),
    organisation=Counter(ford=4, kate=2, gap=5),
)


@pytest.mark.parametrize(
    ("word", "common"),
    [("gap", True), ("once", False), ("rare", True), ("target", False), ("2008", True), ("zyxon", False)],
)
def test_a_word_of_everyday_language_is_in_lower_case_often_enough(word: str, common: bool) -> None:
    assert USE.common(word) is common


@pytest.mark.parametrize(
    ("word", "personal", "given"),
    [("ford", True, True), ("kate", False, True), ("ohio", True, False), ("gap", False, False)],
)
def test_what_names_persons_and_places(word: str, personal: bool, given: bool) -> None:
    assert (USE.personal(word), USE.given(word)) == (personal, given)
