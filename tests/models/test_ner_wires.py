from __future__ import annotations

from random import Random

from models import corpora
from models.ner_wires import wires

TRAINING = {
    "wikineural": [
        corpora.Example(
            "Ann Lee met Bo Strand, Carl Falk, Dan Roe, Eve Moss, Fay Hart, Gil Penn, Hal Dorn",
            tuple(corpora.Span(*place, "PER") for place in ((0, 7), (12, 21), (23, 32), (34, 41), (43, 51), (53, 61))),
            "wikineural",
        )
    ],
    "finer_ord": [
        corpora.Example(
            "Acme Corp Zeta Works Oslo Steel Pear Inc Blue Ink Red Rail Far Sea",
            tuple(
                corpora.Span(start, end, "ORG")
                for start, end in ((0, 9), (10, 20), (21, 31), (32, 40), (41, 49), (50, 58), (59, 66))
            ),
            "finer_ord",
        )
    ],
}


def surfaces(examples: list[corpora.Example], kind: str) -> set[str]:
    return {one.text[span.start : span.end] for one in examples for span in one.spans if span.type == kind}


def test_spans_lie_in_the_lines_in_order() -> None:
    for example in wires(TRAINING, 400, Random(1), held=False):
        end = 0
        for span in example.spans:
            assert end <= span.start < span.end <= len(example.text)
            assert example.text[span.start : span.end] == example.text[span.start : span.end].strip()
            end = span.end
        assert "{" not in example.text


def test_the_same_chance_gives_the_same_lines() -> None:
    assert wires(TRAINING, 50, Random(1), held=True) == wires(TRAINING, 50, Random(1), held=True)


def test_held_lines_share_no_country_with_those_that_train() -> None:
    ours, theirs = (wires(TRAINING, 600, Random(2), held=held) for held in (False, True))
    countries = [{name.upper() for name in surfaces(lines, "LOC")} for lines in (ours, theirs)]
    assert countries[0]
    assert countries[1]
    assert len(countries[0] & countries[1]) < len(countries[1]) / 2


def test_a_city_that_plays_is_an_organisation_and_a_country_a_place() -> None:
    lines = wires(TRAINING, 800, Random(3), held=False)
    playing = [one for one in lines if " AT " in one.text and len(one.spans) == 2]
    assert playing
    assert all(span.type == "ORG" for one in playing for span in one.spans)
