"""Signatures: the same bits for ever, and an estimate of the Jaccard similarity of shingles."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.similarity import (
    BITS,
    WORDS_MAX,
    different_bits,
    shingles,
    signature,
    signature_bytes,
    similarity,
)

TEXT = "Lehman files for bankruptcy, plans to sell units"


def differing(one: str, other: str) -> int:
    first, second = (np.frombuffer(signature_bytes(signature(text)), dtype=np.uint64) for text in (one, other))
    return int(different_bits(first, second[np.newaxis])[0])


def test_shingles_are_words_and_pairs() -> None:
    assert shingles("U.S. falls; falls") == {"u", "s", "falls", "u s", "s falls", "falls falls"}
    assert shingles("Čez") == {"čez"}
    assert shingles("...") == set()


def test_the_bits_of_a_text_never_change() -> None:
    assert signature(TEXT) == "I/vXbEJZCy6K5vpr7jBM1uHav9DemA7iVNsXr+aImFg="


def test_a_text_without_words_has_none() -> None:
    assert signature("... !") == ""
    assert signature_bytes("") == b""


@pytest.mark.parametrize("wrong", ["x", "AAAA", "ü"])
def test_what_is_no_signature_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 and this module have words of their own
        signature_bytes(wrong)


@given(st.text(max_size=200))
def test_case_and_what_lies_between_words_do_not_matter(text: str) -> None:
    assert signature(text) == signature(f" -{text.casefold()}!! ")


def test_only_the_first_words_count() -> None:
    words = [str(number) for number in range(WORDS_MAX)]
    assert signature(" ".join(words)) == signature(" ".join([*words, "more"]))


def test_the_estimate_is_unbiased_and_spreads_as_it_should() -> None:
    chance = random.Random(7)
    for common in (20, 60, 90):
        errors = []
        for _ in range(400):
            words = [f"w{chance.getrandbits(40)}" for _ in range(200 - common)]
            one, other = " ".join(words[:100]), " ".join(words[100 - common :])
            exact = len(shingles(one) & shingles(other)) / len(shingles(one) | shingles(other))
            errors.append(1 - 2 * differing(one, other) / BITS - exact)
        assert abs(np.mean(errors)) < 0.01
        assert np.std(errors) < 0.07


def test_similarity_of_what_differs_in_half_of_the_bits_is_none() -> None:
    assert [similarity(bits) for bits in (0, 64, 128, 200)] == [1.0, 0.5, 0.0, 0.0]
