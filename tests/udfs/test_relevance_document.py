import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.relevance_document import Document, Spans, plain_words, stem_of

BODY = 'Acme grew. Ohio did, too.\n\n"Oslo saw it." He said $3.5 was much.'


def document(text: str, headline: str = "", entities: list[Spans] | None = None) -> Document:
    return Document(text, headline, entities or [])


@pytest.mark.parametrize(
    ("headline", "text", "leads", "has_body", "start"),
    [
        ("Head", "Head\n\nBody", True, True, 4),
        ("Head", "Head", True, False, 0),
        ("Head", "Body alone", False, True, 0),
        ("", "Body alone", False, True, 0),
    ],
)
def test_where_the_body_begins(headline: str, text: str, leads: bool, has_body: bool, start: int) -> None:
    found = document(text, headline)
    assert (found.leads, found.has_body, found.body_start) == (leads, has_body, start)


@pytest.mark.parametrize("headline", ["", "Zeta. Yes\n\n"])
def test_sentences_and_paragraphs_begin_behind_the_headline(headline: str) -> None:
    found = document(headline + BODY, headline.strip())
    starts = [headline + BODY[:at] for at in (BODY.index("Acme"), BODY.index("Ohio"), BODY.index('"Oslo'))]
    assert found.sentences == [*map(len, starts), len(headline) + BODY.index("He said")]
    assert found.paragraphs == [len(starts[0]), len(starts[2])]


@given(st.text("Aa.!? \n\"'", max_size=30), st.text("Aa.\n", max_size=5))
def test_bounds_rise_and_lie_in_the_text(body: str, headline: str) -> None:
    found = document(headline + body, headline)
    for bounds in (found.sentences, found.paragraphs):
        assert bounds == sorted(set(bounds))
        assert found.body_start <= bounds[0] <= len(found.text)
        assert all(bound < len(found.text) for bound in bounds[1:])


def test_words_are_counted_by_their_stems() -> None:
    found = document("German and GERMANY's banks; a bank", "The Banks")
    assert (found.words["germa"], found.words["bank"], found.words["germany"]) == (2, 2, 0)
    assert found.headline_stems == {"the", "bank"}
    assert plain_words("Straße No. 5") == ["strasse", "no", "5"]


@pytest.mark.parametrize(
    ("word", "stem"), [("shares", "share"), ("share", "share"), ("is", "i"), ("iraqi", "iraqi"), ("germany", "germa")]
)
def test_stems(word: str, stem: str) -> None:
    assert stem_of(word) == stem


def test_what_the_entities_have_together() -> None:
    found = document("x" * 20, entities=[[(9, 10)], [(2, 3), (4, 5), (15, 16)]])
    assert (found.firsts, found.counts) == ([9, 2], [1, 3])
    assert (found.totals.firsts, found.totals.negated_counts) == ([2, 9], [-3, -1])
    assert (found.totals.mentions, found.totals.most) == (4, 3)


def test_quotation_marks_of_all_kinds() -> None:
    assert document("a\"b\u201cc\u201dd'").quotes == [1, 3, 5]
