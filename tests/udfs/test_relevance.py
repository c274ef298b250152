from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tests.udfs.surfaces import spans
from udfs.inference.manifest import read_model
from udfs.inference.models import WEIGHTS
from udfs.inference.sessions import start
from udfs.relevance import PositionRule, RelevanceScorer
from udfs.relevance_features import FEATURES

FILES = read_model(WEIGHTS / "relevance")
SCORER = RelevanceScorer(Tokenizer.from_str(FILES.contents["tokenizer.json"].decode()).get_vocab(), start(FILES))


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

    assert RelevanceScorer({}, never).score("", "text", []) == ()


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
