from hypothesis import example, given
from hypothesis import strategies as st

from udfs.aliases import Alias, Gazetteer, Listing, Policy, group_tickers
from udfs.names import alias_key, tokenise
from udfs.records import Entity, EntityType

words = st.sampled_from(["a", "b", "ab", "c"])
names = st.lists(words, min_size=1, max_size=3).map(" ".join)


def leftmost_longest(keys: list[str], aliases: set[str]) -> list[tuple[int, int]]:
    """The brute-force twin of the automaton."""
    found, first = [], 0
    while first < len(keys):
        lasts = [last for last in range(len(keys), first, -1) if " ".join(keys[first:last]) in aliases]
        if lasts:
            found.append((first, lasts[0]))
        first = lasts[0] if lasts else first + 1
    return found


@given(st.sets(names), st.lists(words, max_size=12))
@example({"a b a", "b"}, ["a", "b"])
def test_matches_are_the_leftmost_longest(aliases: set[str], text: list[str]) -> None:
    listing = Listing(Entity("org:x", "X", EntityType.ORG), 0)
    gazetteer = Gazetteer([listing], {name: Alias(0, Policy.CLEAR, capitals=False) for name in aliases}, {})
    found = gazetteer.matches(tokenise(" ".join(text)))
    assert [(match.first, match.last) for match in found] == leftmost_longest(text, aliases)


def test_spans_are_of_the_text() -> None:
    listing = Listing(Entity("eq:T", "AT&T", EntityType.ORG), 0)
    gazetteer = Gazetteer([listing], {alias_key("AT&T"): Alias(0, Policy.CLEAR, capitals=False)}, {})
    text = "Über AT&T; buys"
    match = gazetteer.matches(tokenise(text))[0]
    assert text[match.start : match.end] == "AT&T"


def test_who_has_a_ticker_now_comes_first() -> None:
    assert group_tickers([("-WM", 0), ("WM", 1), ("X", 2)]) == {"WM": (1, 0), "X": (2,)}
