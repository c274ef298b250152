import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from udfs.edges import EDGE_ENTITIES_MAX, EdgeEnd, edge_terms
from udfs.records import MICRO

ENDS = st.lists(
    st.builds(
        EdgeEnd,
        st.integers(0, 99).map(lambda n: f"org:{n:02}"),
        st.integers(0, MICRO),
        st.integers(-MICRO, MICRO),
    ),
    unique_by=lambda end: end.entity_id,
    max_size=30,
)


def half_away(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


@given(ENDS, st.randoms())
def test_terms_are_exact_and_do_not_depend_on_order(ends: list[EdgeEnd], chance: random.Random) -> None:
    edges = edge_terms(ends)
    shuffled = list(ends)
    chance.shuffle(shuffled)
    assert edge_terms(shuffled) == edges
    by_id = {end.entity_id: end for end in ends}
    for term in edges.terms:
        a, b = by_id[term.a], by_id[term.b]
        weight = Fraction(a.relevance_micro * b.relevance_micro, MICRO)
        assert term.a < term.b
        assert term.weight == half_away(weight)
        assert term.weighted == half_away(weight * (a.sentiment_micro + b.sentiment_micro) / (2 * MICRO))


@given(ENDS)
def test_joins_the_most_relevant_and_counts_the_others(ends: list[EdgeEnd]) -> None:
    edges = edge_terms(ends)
    joined = min(len(ends), EDGE_ENTITIES_MAX)
    assert len(edges.terms) == joined * (joined - 1) // 2
    assert edges.cut == len(ends) - joined
    named = {term.a for term in edges.terms} | {term.b for term in edges.terms}
    if joined > 1:
        least = min(end.relevance_micro for end in ends if end.entity_id in named)
        assert all(end.relevance_micro <= least for end in ends if end.entity_id not in named)


def test_ties_of_relevance_go_to_the_lower_id() -> None:
    ends = [EdgeEnd(f"org:{n:02}", 500_000, 0) for n in range(22)]
    named = {term.b for term in edge_terms(ends).terms}
    assert max(named) == "org:19"


def test_a_half_rounds_away_from_zero() -> None:
    ends = [EdgeEnd("a", MICRO, -1), EdgeEnd("b", MICRO, 0)]
    assert edge_terms(ends).terms[0].weighted == -1
