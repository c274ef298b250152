"""Each rule by itself; how linking uses them is tested in test_linking."""

import pytest

from udfs.aliases import Alias, Match, Policy
from udfs.context import NEAR_TOKENS, Reading, plain
from udfs.names import tokenise
from udfs.records import EntityType

ORG, PER = EntityType.ORG, EntityType.PER


def linkable(text: str, name: str, policy: Policy, mention: EntityType | None = ORG, *, capitals: bool = False) -> bool:
    tokens = tokenise(text)
    words = len(tokenise(name))
    first = next(at for at, token in enumerate(tokens) if text.startswith(name, token.start))
    match = Match(first, first + words, tokens[first].start, tokens[first + words - 1].end, Alias(7, policy, capitals))
    return Reading.of(text, tokens, frozenset()).linkable(match, mention, ORG)


@pytest.mark.parametrize(
    ("policy", "in_org", "in_per", "outside"),
    [
        (Policy.CLEAR, True, True, True),
        (Policy.NAME, True, False, False),
        (Policy.CONTEXT, False, False, False),
        (Policy.STRICT, False, False, False),
    ],
)
def test_policies_where_nothing_supports_the_name(policy: Policy, in_org: bool, in_per: bool, outside: bool) -> None:
    found = [linkable("We like Gap today", "Gap", policy, kind) for kind in (ORG, PER, None)]
    assert found == [in_org, in_per, outside]


@pytest.mark.parametrize(
    ("text", "context", "strict"),
    [("Gap shares fall", True, False), ("Gap Inc opens", True, True), ("Gap opens", False, False)],
)
def test_what_supports_a_name(text: str, context: bool, strict: bool) -> None:
    assert linkable(text, "Gap", Policy.CONTEXT) is context
    assert linkable(text, "Gap", Policy.STRICT) is strict


@pytest.mark.parametrize("before", [True, False])
def test_a_market_word_supports_up_to_a_distance(before: bool) -> None:
    for between, supported in ((NEAR_TOKENS - 1, True), (NEAR_TOKENS, False)):
        words = ["dividend", *["so"] * between, "Gap"]
        text = " ".join(words if before else reversed(words))
        assert linkable(text, "Gap", Policy.CONTEXT) is supported


@pytest.mark.parametrize(
    ("text", "name", "mentioned", "outside"),
    [
        ("Ask GM now", "GM", True, True),
        ("Ask Gm now", "Gm", False, False),
        ("ask gm now", "gm", True, False),
        ("ASK US NOW", "US", True, False),
        ("Ask US now", "US", True, True),
    ],
)
def test_a_name_in_capitals(text: str, name: str, mentioned: bool, outside: bool) -> None:
    assert linkable(text, name, Policy.CLEAR, ORG, capitals=True) is mentioned
    assert linkable(text, name, Policy.CLEAR, None, capitals=True) is outside


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Ask Bank of America", "Bank of America", True),
        ("Ask Bank over America", "Bank over America", False),
        ("ask bank of america", "bank of america", True),
        ("Ask bank of america", "bank of america", False),
    ],
)
def test_outside_of_mentions_a_name_has_its_capitals(text: str, name: str, expected: bool) -> None:
    assert linkable(text, name, Policy.CLEAR, None) is expected


def test_an_entity_found_elsewhere_in_the_text_supports_its_names() -> None:
    tokens = tokenise("Gap opens")
    match = Match(0, 1, 0, 3, Alias(7, Policy.STRICT, capitals=False))
    for marked, named in (({7}, set()), (set(), {7})):
        assert Reading(tokens, lower=False, upper=False, marked=marked, named=named).linkable(match, ORG, ORG)
    assert not Reading(tokens, lower=False, upper=False, marked={8}).linkable(match, ORG, ORG)


@pytest.mark.parametrize(
    ("words", "beside_clear", "beside_others"),
    [("", True, True), ("Shares 2", True, True), ("Capital", True, False), ("Foundation", False, False)],
)
def test_words_that_leave_a_company_the_same(words: str, beside_clear: bool, beside_others: bool) -> None:
    assert plain(tokenise(words), [Policy.CLEAR, Policy.CLEAR]) is beside_clear
    assert plain(tokenise(words), [Policy.CLEAR, Policy.NAME]) is beside_others
