from __future__ import annotations

import random

from models import corpora, sentiment_corpora


def test_tokens_become_text_and_spans() -> None:
    sentence = [
        ("Tim", "B-person"),
        ("Cook", "I-person"),
        ("does", "O"),
        ("n't", "O"),
        ("like", "O"),
        ("Foo", "B-product"),
    ]
    example = corpora.example(sentence, "test")
    assert example.text == "Tim Cook doesn't like Foo"
    assert [(example.text[span.start : span.end], span.type) for span in example.spans] == [("Tim Cook", "PER")]


def test_neighbouring_spans_stay_apart() -> None:
    example = corpora.example([("Acme", "B-ORG"), ("Zeta", "B-ORG"), ("Oslo", "I-LOC")], "test")
    assert [span.type for span in example.spans] == ["ORG", "ORG", "LOC"]


def test_split_keeps_variants_of_a_headline_together() -> None:
    texts = [f"Acme {name} up{mark}" for name in "abcdefghijklmnopqrst" for mark in (" 5%", " 7%", "!")]
    training, held = sentiment_corpora.split(
        [sentiment_corpora.Example(text, (), "test") for text in texts], random.Random(0)
    )
    assert len(training) + len(held) == len(texts)
    assert len(held) == 6
    assert not {example.text[:6] for example in training} & {example.text[:6] for example in held}


def test_mixed_and_opposite_labels() -> None:
    bad, neutral, good = (sentiment_corpora.Target(2 * label, 2 * label + 1, label) for label in range(3))
    assert sentiment_corpora.Example("a b c", (bad, good), "test").opposite
    assert sentiment_corpora.Example("a b c", (neutral, good), "test").mixed
    assert not sentiment_corpora.Example("a b c", (neutral, good), "test").opposite
    assert not sentiment_corpora.Example("a b c", (good,), "test").mixed
