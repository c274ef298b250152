from __future__ import annotations

from random import Random

import pytest

from models.splits import Held, key, split


def test_texts_that_differ_in_marks_stay_together() -> None:
    texts = [f"Acme number {word} falls" for word in "abcdefghij" * 10]
    texts += [text.upper() + "!" for text in texts]
    training, held = split(texts, Random(0), share=0.3)
    assert sorted(training + held) == list(range(len(texts)))
    assert not {key(texts[at]) for at in training} & {key(texts[at]) for at in held}
    assert held


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Infosys Q3 profit rises 12 pct, beats street estimates", True),
        ("INFOSYS Q3 profit rises 13 pct, beats street estimates https://t.co/x", True),
        ("Infosys Q3 profit rises 12 pct but misses what analysts had hoped for", False),
        ("Wipro falls", False),
        ("Up", True),
    ],
)
def test_a_similar_text_is_known(text: str, known: bool) -> None:
    held = Held(["Infosys Q3 profit rises 12 pct, beats street estimates", "Wipro falls on results", "up"])
    assert held.knows(text) == known
