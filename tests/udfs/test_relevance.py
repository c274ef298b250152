from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from udfs.inference.manifest import read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start
from udfs.relevance import PositionRule, RelevanceScorer
from udfs.relevance_features import FEATURES, Featurizer

VOCABULARY = {"the": 10, "acme": 20_000, "ohio": 5_000, "fed": 3_000}
FILES = read_model(WEIGHTS / "relevance")
SCORER = RelevanceScorer(Tokenizer.from_str(FILES.contents["tokenizer.json"].decode()).get_vocab(), start(FILES))
features = Featurizer(VOCABULARY).features


def spans(text: str, *surfaces: str) -> list[list[tuple[int, int]]]:
    found = []
    for surface in surfaces:
        starts = [index for index in range(len(text)) if text.startswith(surface, index)]
        found.append([(start, start + len(surface)) for start in starts])
    return found


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


def test_the_order_of_the_entities_does_not_matter() -> None:
    text = "Acme bought Zeta in Ohio. Zeta and Acme agreed."
    there = SCORER.score("", text, spans(text, "Acme", "Zeta", "Ohio"))
    back = SCORER.score("", text, spans(text, "Ohio", "Zeta", "Acme"))
    assert there == pytest.approx(back[::-1], abs=1e-6)


def test_the_rule_prefers_the_first_and_the_frequent() -> None:
    text = "Acme bought Zeta. Acme is glad."
    acme, zeta = PositionRule().score("", text, spans(text, "Acme", "Zeta"))
    assert 1 >= acme > zeta > 0
    assert PositionRule().score("", "text", []) == ()
    with pytest.raises(ValueError, match="at least one mention"):
        PositionRule().score("", "text", [[]])


def test_no_entity_needs_no_model() -> None:
    def never(_: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        raise AssertionError

    assert RelevanceScorer(VOCABULARY, never).score("", "text", []) == ()


def test_an_entity_without_mention_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one mention"):
        SCORER.score("", "text", [[]])


def test_one_entity_alone_is_what_a_headline_is_about() -> None:
    text = "UPDATE 2-Lehman shares plunge as talks end"
    assert SCORER.score(text, text, spans(text, "Lehman"))[0] > 0.8


@pytest.mark.parametrize(
    ("text", "subject", "other"),
    [
        ("UPDATE 2-Lehman shares plunge as talks with Barclays end", "Lehman", "Barclays"),
        ("AIG seeks $40 bln loan from Fed", "AIG", "Fed"),
        ("Merrill Lynch to be bought by BofA", "Merrill Lynch", "BofA"),
    ],
)
def test_the_subject_of_a_headline_counts_more(text: str, subject: str, other: str) -> None:
    first, later = SCORER.score(text, text, spans(text, subject, other))
    assert first > later > 0


def test_the_subject_of_an_article_counts_more_than_a_place_named_once() -> None:
    body = "Acme said profit rose. Analysts praise Acme.\n" * 5 + "Its shares are also traded in Oslo."
    text = f"Acme profit rises\n\n{body}"
    acme, oslo = SCORER.score("Acme profit rises", text, spans(text, "Acme", "Oslo"))
    assert acme > 0.7
    assert oslo < 0.5


def test_scores_are_the_same_each_time_and_lie_within_bounds() -> None:
    text = "Acme, Zeta and Ohio. " * 300
    wanted = SCORER.score("", text, spans(text, "Acme", "Zeta", "Ohio"))
    assert wanted == SCORER.score("", text, spans(text, "Acme", "Zeta", "Ohio"))
    assert all(0 <= value <= 1 for value in wanted)


def test_the_manifest_names_the_features_and_beats_each_alone() -> None:
    manifest = json.loads((WEIGHTS / "relevance/manifest.json").read_text())
    metrics = manifest["metrics"]
    assert tuple(manifest["labels"]) == FEATURES
    for form in ("text", "headline_beside", "headline_first"):
        baselines = metrics[f"wikiphrase_all_{form}_baselines"]
        assert metrics[f"wikiphrase_cross_validated_{form}"]["spearman"] > max(baselines.values()) + 0.02
