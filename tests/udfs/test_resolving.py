import pytest

from udfs.gazetteer import COLUMNS, parse_table
from udfs.linking import Linker
from udfs.records import Entity
from udfs.resolving import EXACT, LINKED, OVERLAP_MAX, PREFIX_MAX, TICKER_LOWER, WORD_ENTITIES_MAX, Resolver

ROWS = (
    "eq:LEH\tLehman Brothers Holdings Inc\tORG\tFinancials\tUS\t4\tLEH\tclehman|clehman brothers",
    "eq:AAPL\tApple Inc\tORG\tInformation Technology\tUS\t5\tAAPL\tnapple|capple inc",
    "eq:BRK\tBrothers Knitting\tORG\t\tUS\t1\tBRK\tcbrothers knitting",
    "eq:7203\tToyota Motor\tORG\t\tJP\t5\t7203\tctoyota",
    "loc:oslo\tOslo\tLOC\t\tNO\t4\t\tcoslo",
)
GAZETTEER = parse_table(["\t".join(COLUMNS), *ROWS])


def linked(text: str) -> list[Entity]:
    return [item.entity for item in Linker(GAZETTEER).link(text, ())]


RESOLVER = Resolver(GAZETTEER, linked)


def best(text: str, limit: int = 9) -> list[tuple[str, float]]:
    return [(found.entity.entity_id, found.score) for found in RESOLVER.resolve(text, limit)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eq:LEH", ("eq:LEH", EXACT)),
        ("LEH", ("eq:LEH", EXACT)),
        ("$LEH", ("eq:LEH", EXACT)),
        ("leh", ("eq:LEH", TICKER_LOWER)),
        ("7203", ("eq:7203", EXACT)),
        ("lehman brothers", ("eq:LEH", EXACT)),
        ("Lehman Brothers Inc's", ("eq:LEH", EXACT)),
        (" Apple ", ("eq:AAPL", EXACT)),
        ("leh br", None),
        ("", None),
        ("%", None),
    ],
)
def test_the_best_answer(text: str, found: tuple[str, float] | None) -> None:
    assert next(iter(best(text)), None) == found


def test_the_longer_the_beginning_the_better() -> None:
    scores = [dict(best(text))["eq:BRK"] for text in ("brothers k", "brothers kni", "brothers knittin")]
    assert scores == sorted(scores)
    assert scores[-1] < PREFIX_MAX < EXACT


def test_shared_words_count_by_their_share() -> None:
    found = dict(best("brothers"))
    assert found["eq:LEH"] == pytest.approx(OVERLAP_MAX / 2)
    assert found["eq:BRK"] > found["eq:LEH"]  # it begins with the word


def test_a_sentence_finds_who_is_named_in_it() -> None:
    assert ("eq:LEH", LINKED) in best("What about Lehman these days?")


def test_of_equals_the_larger_comes_first_and_no_more_than_asked_for() -> None:
    assert [found for found, _ in best("toyota oslo")] == ["eq:7203", "loc:oslo"]
    assert [found for found, _ in best("toyota oslo", 1)] == ["eq:7203"]
    assert best("toyota oslo", -1) == []


def test_a_word_of_very_many_names_says_nothing() -> None:
    for count in (WORD_ENTITIES_MAX, WORD_ENTITIES_MAX + 1):
        rows = [f"org:n{number}\tNumber {number}\tORG\t\t\t0\t\tc{number}" for number in range(count)]
        many = Resolver(parse_table(["\t".join(COLUMNS), *rows]), linked)
        assert len(many.resolve("a number of", count)) == (count if count <= WORD_ENTITIES_MAX else 0)
