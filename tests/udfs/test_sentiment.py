from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from udfs.inference import load_models
from udfs.inference.models import WEIGHTS
from udfs.sentiment import NO_TOKENS, SentimentScorer, softmax, span_inputs

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
SCORER = load_models().sentiment


class Recorder:
    """A model that notes its inputs and favours the class of the pooled position."""

    def __init__(self) -> None:
        self.inputs: list[Mapping[str, NDArray[np.generic]]] = []

    def __call__(self, inputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        self.inputs.append(inputs)
        return np.zeros((len(inputs["pool"]), 3), dtype=np.float32)


def span(text: str, surface: str) -> tuple[int, int]:
    start = text.index(surface)
    return start, start + len(surface)


def test_no_span_needs_no_model() -> None:
    model = Recorder()
    assert SentimentScorer(TOKENIZER, model).score("Acme falls", []) == ()
    assert model.inputs == []


def test_one_encoding_serves_all_spans() -> None:
    model = Recorder()
    text = "Acme falls as Zeta gains"
    scores = SentimentScorer(TOKENIZER, model).score(text, [span(text, "Acme"), span(text, "Zeta")])
    assert len(scores) == 2
    (inputs,) = model.inputs
    assert inputs["pool"].shape[0] == 2
    assert np.allclose(np.asarray(inputs["pool"], dtype=float).sum(axis=1), 1)


def test_a_long_text_is_encoded_once_a_window_and_only_where_a_span_is() -> None:
    model = Recorder()
    text = "Nothing is said here at all. " * 100 + "Acme falls. Zeta falls."
    SentimentScorer(TOKENIZER, model).score(text, [span(text, "Acme"), span(text, "Zeta")])
    assert len(model.inputs) == 1


def test_a_span_without_tokens_says_nothing() -> None:
    assert SCORER.score("Acme \x00 falls", [(4, 5)]) == (NO_TOKENS,)
    far = "word " * 6_000 + "Acme"
    assert SCORER.score(far, [span(far, "Acme")]) == (NO_TOKENS,)


@pytest.mark.parametrize("bad", [(-1, 2), (3, 3), (5, 4), (0, 100)])
def test_a_span_outside_the_text_is_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="each span must lie"):
        SCORER.score("Acme falls", [bad])


def test_span_inputs_pool_and_mark() -> None:
    inputs = span_inputs(np.array([[1, 3], [3, 9]]), 5)
    assert inputs["types"].tolist() == [[0, 1, 1, 1, 0]]
    assert inputs["pool"].tolist() == [[0, 0.5, 0.5, 0, 0], [0, 0, 0, 1, 0]]


def test_softmax_adds_up() -> None:
    assert softmax(np.array([[1000.0, 0, 0], [0, 0, 0]], dtype=np.float32)).sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("text", "surface", "sign"),
    [
        ("UPDATE 2-Lehman shares plunge as talks end", "Lehman", -1),
        ("Infosys profit jumps 20% on strong demand", "Infosys", 1),
        ("TCS gains, Wipro slumps after results", "TCS", 1),
        ("TCS gains, Wipro slumps after results", "Wipro", -1),
    ],
)
def test_the_shipped_model_tells_good_from_bad(text: str, surface: str, sign: int) -> None:
    (score,) = SCORER.score(text, [span(text, surface)])
    assert score.score * sign > 0.3


def test_scores_are_probabilities_and_the_same_each_time() -> None:
    text = "TCS gains, Wipro slumps after results 🚀"
    spans = [span(text, "TCS"), span(text, "Wipro")]
    first = SCORER.score(text, spans)
    SCORER.score("Other news of Acme", [(14, 18)])
    assert first == SCORER.score(text, spans)
    assert all(score.negative + score.neutral + score.positive == pytest.approx(1, abs=1e-5) for score in first)
