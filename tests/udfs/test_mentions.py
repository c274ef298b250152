from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.inference import load_models
from udfs.inference.models import WEIGHTS
from udfs.mentions import LABELS, MentionFinder, Run, word_runs
from udfs.records import EntityType

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
FINDER = load_models().mentions


def logits(*labels: str) -> NDArray[np.float32]:
    return np.eye(len(LABELS), dtype=np.float32)[[LABELS.index(label) for label in labels]]


def capitals(inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
    """A tagger that takes each run of capitalised words for an organisation."""
    capital = inputs["types"][0] > 0
    before = np.concatenate([[False], capital[:-1]])
    names = np.where(capital, np.where(before, "I-ORG", "B-ORG"), "O")
    return logits(*names)[None]


CAPITALS = MentionFinder(TOKENIZER, capitals)


def surfaces(text: str, finder: MentionFinder = FINDER) -> list[tuple[str, str]]:
    return [(mention.surface, str(mention.type)) for mention in finder.find(text)]


def test_runs_begin_at_b_and_go_on_over_i() -> None:
    tags = ("B-PER", "I-PER", "B-PER", "O", "I-LOC", "I-LOC")
    expected = [Run(0, 2, EntityType.PER), Run(2, 3, EntityType.PER), Run(4, 6, EntityType.LOC)]
    assert word_runs(logits(*tags)) == expected


def test_one_odd_word_does_not_cut_a_name() -> None:
    assert word_runs(logits("B-ORG", "I-ORG", "I-LOC")) == [Run(0, 3, EntityType.ORG)]


def test_a_blank_line_ends_a_name() -> None:
    assert word_runs(logits("B-LOC", "I-LOC"), {1}) == [Run(0, 1, EntityType.LOC), Run(1, 2, EntityType.LOC)]
    assert surfaces("Shares rise in France\n\nWork goes on", CAPITALS)[-2:] == [("France", "ORG"), ("Work", "ORG")]
    assert surfaces("in New\nYork", CAPITALS) == [("New\nYork", "ORG")]


def test_outside_only() -> None:
    assert word_runs(logits("O", "O")) == []


def test_sub_words_are_merged_and_offsets_are_code_points() -> None:
    text = "🚀 \u202bשלום\u202c in Citroe\u0308n\x00 today"
    assert surfaces(text, CAPITALS) == [("Citroe\u0308n", "ORG")]


def test_a_name_across_a_cut_is_one_mention() -> None:
    name = " ".join(["Extraordinarily"] * 150)
    text = f"the {name} group"
    assert surfaces(text, CAPITALS) == [(name, "ORG")]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\x00", "...", "!?", "\u200d"])
def test_nothing_is_found_in_nothing(text: str) -> None:
    assert FINDER.find(text) == ()


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_mentions_lie_in_the_text_in_order(text: str) -> None:
    end = 0
    for mention in CAPITALS.find(text):
        assert end <= mention.start < mention.end <= len(text)
        assert mention.surface == text[mention.start : mention.end] == mention.surface.strip()
        end = mention.end


def test_a_huge_body_is_read_up_to_the_limit() -> None:
    text = "Profit at Acme rose again in May. " * 3_000
    calls: list[int] = []

    def counting(inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        calls.append(inputs["ids"].shape[1])
        return capitals(inputs)

    found = MentionFinder(TOKENIZER, counting).find(text)
    assert sum(calls) <= tk.TOKENS_MAX + 2 * len(calls)
    assert max(calls) <= tk.WINDOW_TOKENS
    assert len(found) > 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UPDATE 2-Lehman shares plunge as talks end", [("Lehman", "ORG")]),
        ("AIG seeks $40 bln loan from Fed", [("AIG", "ORG"), ("Fed", "ORG")]),
        ("Merrill Lynch to be bought by BofA", [("Merrill Lynch", "ORG"), ("BofA", "ORG")]),
        ("Angela Merkel met Tim Cook in Berlin", [("Angela Merkel", "PER"), ("Tim Cook", "PER"), ("Berlin", "LOC")]),
    ],
)
def test_the_shipped_model_finds_names_of_headlines(text: str, expected: list[tuple[str, str]]) -> None:
    assert surfaces(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CHICAGO AT BOSTON", [("CHICAGO", "ORG"), ("BOSTON", "ORG")]),
        ("Arsenal 3 Leeds 0", [("Arsenal", "ORG"), ("Leeds", "ORG")]),
        ("Japan 2 Syria 1", [("Japan", "LOC"), ("Syria", "LOC")]),
        ("1. Peter Hansen ( Denmark ) 1:22.5", [("Peter Hansen", "PER"), ("Denmark", "LOC")]),
        ("LYON , France 1996-11-12", [("LYON", "LOC"), ("France", "LOC")]),
    ],
)
def test_the_shipped_model_reads_tables_of_a_wire(text: str, expected: list[tuple[str, str]]) -> None:
    assert surfaces(text) == expected


def test_the_shipped_model_gives_the_same_each_time_whatever_was_read_between() -> None:
    text = "Lehman Brothers files for bankruptcy, Barclays in talks"
    before = FINDER._logits(text, tk.tokenise(TOKENIZER, text))
    FINDER.find("Something else entirely. " * 50)
    assert np.array_equal(before, FINDER._logits(text, tk.tokenise(TOKENIZER, text)))
