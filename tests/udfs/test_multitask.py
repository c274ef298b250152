from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.inference.models import WEIGHTS
from udfs.multitask import DISTANCES, NEAR, UNREAD, TextModel, _mean, _Part, sigmoid, softmax, span_inputs
from udfs.news_topics import NEWS_TOPICS, OTHER, WIRE_TOPICS, Thresholds, TopicScorer
from udfs.social import SocialScorer

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
GAINS = TOKENIZER.token_to_id("gains")


class Recorder:
    """Notes its inputs; a window's logits are its number of tokens `gains`, in every place but the first."""

    def __init__(self) -> None:
        self.inputs: list[Mapping[str, NDArray[np.generic]]] = []

    def named(self, inputs: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
        self.inputs.append(inputs)
        count = float((inputs["ids"] == GAINS).sum())
        rows = {"sentiment": (len(inputs["pool"]), 3), "social": (1, 3), "news_topics": (1, 20), "wire_topics": (1, 90)}
        outputs = {name: np.full(shape, count, dtype=np.float32) for name, shape in rows.items()}
        for output in outputs.values():
            output[:, 0] = 0
        return outputs


def text_model(model: Recorder) -> TextModel:
    return TextModel(TOKENIZER, model, (len(NEWS_TOPICS), len(WIRE_TOPICS)))


def span(text: str, surface: str) -> tuple[int, int]:
    start = text.index(surface)
    return start, start + len(surface)


def test_no_span_needs_no_model() -> None:
    model = Recorder()
    assert text_model(model).sentiment("Acme falls", []).shape == (0, 3)
    assert model.inputs == []


def test_one_encoding_answers_everything() -> None:
    model = Recorder()
    text = "Acme falls as Zeta gains"
    answers = text_model(model).read(text, [span(text, "Acme"), span(text, "Zeta")])
    (inputs,) = model.inputs
    assert inputs["pool"].shape[0] == 2
    assert np.allclose(np.asarray(inputs["pool"], dtype=float).sum(axis=1), 1)
    assert answers.sentiment.shape == (2, 3)
    assert answers.social.sum() == pytest.approx(1)
    assert answers.news_topics.sum() == pytest.approx(1)
    assert answers.wire_topics[[0, 1]] == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_sentiment_encodes_a_window_once_and_only_where_a_span_is() -> None:
    model = Recorder()
    text = "Nothing is said here at all. " * 100 + "Acme falls. Zeta falls."
    text_model(model).sentiment(text, [span(text, "Acme"), span(text, "Zeta")])
    assert len(model.inputs) == 1


def test_the_windows_of_a_long_text_count_by_their_tokens() -> None:
    model = Recorder()
    text = "Acme gains now. " * 60 + "Nothing."
    answers = text_model(model).read(text)
    sizes = [inputs["ids"].shape[1] - 2 for inputs in model.inputs]
    counts = [float((inputs["ids"] == GAINS).sum()) for inputs in model.inputs]
    assert len(sizes) > 2
    mean = float(np.average(counts, weights=sizes))
    assert answers.social == pytest.approx(softmax(np.array([0, mean, mean], dtype=np.float32)), abs=1e-5)


def test_one_window_alone_has_the_bits_of_a_mean_of_windows() -> None:
    chance = np.random.default_rng(1)
    sizes = {"social": 3, "news_topics": 20, "wire_topics": 90}
    for tokens in range(1, tk.WINDOW_TOKENS):
        outputs = {name: chance.normal(size=(1, size)).astype(np.float32) for name, size in sizes.items()}
        weight = np.array([tokens], dtype=np.float32)
        wanted = np.concatenate([weight @ logits for logits in outputs.values()]) / weight.sum()
        assert np.array_equal(_mean([_Part((), tokens, outputs)]), wanted)


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "\u200b"])
def test_a_text_without_words_is_neutral_and_about_something_else(text: str) -> None:
    model = text_model(Recorder())
    assert SocialScorer(model).score(text).neutral == 1
    topics = TopicScorer(model, Thresholds(0.1, 0.1)).score(text)
    assert (topics.named, topics.wire) == (OTHER, ())


def test_a_span_without_tokens_is_neutral() -> None:
    model = text_model(Recorder())
    assert model.sentiment("Acme \x00 falls", [(4, 5)]).tolist() == [UNREAD.tolist()]
    far = "word " * 6_000 + "Acme"
    assert model.sentiment(far, [span(far, "Acme")]).tolist() == [UNREAD.tolist()]


@pytest.mark.parametrize("bad", [(-1, 2), (3, 3), (5, 4), (0, 100)])
def test_a_span_outside_the_text_is_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="each span must lie"):
        text_model(Recorder()).sentiment("Acme falls", [bad])


def test_span_inputs_pool_mark_and_measure_distances() -> None:
    inputs = span_inputs(np.array([[1, 3], [3, 9]]), 5)
    assert inputs["types"].tolist() == [[0, 1, 1, 1, 0]]
    assert inputs["pool"].tolist() == [[0, 0.5, 0.5, 0, 0], [0, 0, 0, 1, 0]]
    assert inputs["distance"].tolist() == [[1, 0, 0, 2, 4], [5, 3, 1, 0, 2]]


def test_far_tokens_share_a_bucket() -> None:
    distance = span_inputs(np.array([[60, 61]]), 126)["distance"][0]
    assert sorted(set(distance.tolist())) == list(range(DISTANCES))
    assert len(set(distance[: 60 - NEAR[-1]].tolist())) == 1


def test_no_spans_are_inputs_too() -> None:
    inputs = span_inputs(np.zeros((0, 2), dtype=np.int64), 5)
    assert inputs["types"].tolist() == [[0] * 5]
    assert inputs["pool"].shape == inputs["distance"].shape == (0, 5)


def test_softmax_adds_up_and_sigmoid_does_not_overflow() -> None:
    assert softmax(np.array([[1000.0, 0, 0], [0, 0, 0]], dtype=np.float32)).sum(axis=1) == pytest.approx([1, 1])
    assert sigmoid(np.array([-1e6, 0, 1e6], dtype=np.float32)) == pytest.approx([0, 0.5, 1])


def test_of_a_link_the_first_token_is_read() -> None:
    text = "Acme gains https://t.co/AbC123 now"
    tokens = tk.without_links(text, tk.tokenise(TOKENIZER, text))
    assert [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)] == [
        "Ac", "me", "gains", "https", "now"
    ]  # fmt: skip
