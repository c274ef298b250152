import pytest

from models.gazetteer_build.policy import Ambiguity
from tests.models.gazetteer_build.rows import USE, row


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("Microsoft Corporation", 5, {"microsoft": "c"}),
        ("Microsoft Corporation", 2, {"microsoft": "n"}),
        ("Target Corporation", 4, {"target": "x"}),
        ("Target Inc.", 1, {"target": "s"}),
        ("Ford Co", 4, {"ford": "x"}),
        ("Best Buy Co., Inc.", 4, {"best buy": "n"}),
        ("Kate Spade & Company", 2, {"kate spade": "n"}),
        ("Zyx Systems Inc", 2, {"zyx systems": "c"}),
        ("Zyxon Pharmaceuticals", 1, {"zyxon pharmaceuticals": "c", "zyxon": "n"}),
    ],
)
def test_policies_follow_the_use_of_words(name: str, size: int, expected: dict[str, str]) -> None:
    found = Ambiguity(USE).candidates(row("A", name, size))
    assert {candidate.key: candidate.policy.value for candidate in found} == expected
