from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.udfs.surfaces import spans
from udfs.relevance_features import FEATURES, Featurizer

features = Featurizer({"the": 10, "acme": 20_000, "ohio": 5_000, "fed": 3_000}).features


def feature(name: str, row: NDArray[np.float32]) -> float:
    return float(row[FEATURES.index(name)])


def test_features_say_where_and_how_often() -> None:
    text = "Acme wins\n\nAcme beat Zeta in Ohio. Acme's boss was glad."
    acme, ohio = features("Acme wins", text, spans(text, "Acme", "Ohio"))
    assert feature("first_share", acme) == 0
    assert feature("in_headline", acme) == 1
    assert feature("in_headline", ohio) == 0
    assert feature("begins_sentence", acme) == 1
    assert feature("behind_preposition", ohio) == 1
    assert feature("mentions_share", acme) == pytest.approx(3 / 4)
    assert feature("possessive_share", acme) == pytest.approx(1 / 3)
    assert feature("has_body", acme) == 1


def test_a_headline_beside_the_text_is_matched_by_surface() -> None:
    text = "The maker of brakes said Acme was late."
    (row,) = features("ACME delays brakes", text, spans(text, "Acme"))
    assert feature("in_headline", row) == 1
    assert feature("headline_share", row) == 0


def test_features_say_how_rare_a_name_is() -> None:
    text = "The Fed and Zorblax met in Ohio."
    fed, zorblax = features("", text, spans(text, "Fed", "Zorblax"))
    assert feature("rareness_mean", fed) < feature("rareness_mean", zorblax)
    assert feature("unknown_share", fed) == 0
    assert feature("unknown_share", zorblax) == 1


def test_features_compare_the_entities_of_an_article() -> None:
    text = "Acme said Ohio helped. Acme grew. Zeta did not."
    rows = features("", text, spans(text, "Acme", "Ohio", "Zeta"))
    assert [feature("first_order", row) for row in rows] == [0, 0.5, 1]
    assert [feature("count_order", row) for row in rows] == [0, 0.5, 0.5]


def test_sentences_and_paragraphs_are_those_behind_the_headline() -> None:
    text = "Zeta falls\n\nAcme grew. Ohio did, too.\n\nOslo saw it."
    acme, ohio, oslo = features("Zeta falls", text, spans(text, "Acme", "Ohio", "Oslo"))
    assert [feature("in_first_sentence", row) for row in (acme, ohio, oslo)] == [1, 0, 0]
    assert [feature("in_first_paragraph", row) for row in (acme, ohio, oslo)] == [1, 1, 0]


def test_mentions_that_overlap_count_once() -> None:
    text = "President George Bush spoke."
    (row,) = features("", text, [[(10, 21), (0, 21), (17, 21)]])
    assert feature("mentions_log", row) == pytest.approx(np.log1p(1) / 2)


@given(st.text(max_size=300), st.text(max_size=50), st.lists(st.tuples(st.integers(0, 299), st.integers(1, 9))))
def test_any_text_has_finite_features(text: str, headline: str, places: list[tuple[int, int]]) -> None:
    entities = [[(start, min(len(text), start + length))] for start, length in places if start < len(text)]
    if entities:
        found = features(headline, text, entities)
        assert found.shape == (len(entities), len(FEATURES))
        assert np.isfinite(found).all()
        assert np.abs(found).max() < 12
