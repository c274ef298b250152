from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from udfs import tokens as tk
from udfs.inference.models import WEIGHTS

TOKENIZER = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
ODD = [
    "Nestlé und Citroe\u0308n 🚀🚀 to the moon",
    "\u202bשלום\u202c Teva gains",
    "AIG\x00 falls",
    "👩\u200d🚀 ｌｅｈｍａｎ ﬁnance",
    "日本 Toyota 上昇",
    "\ud800 broken",
    " \t\n ",
    "[SEP] [MASK] [unused5] words",
]


@pytest.mark.parametrize("text", ODD)
def test_offsets_are_code_points_in_order(text: str) -> None:
    tokens = tk.tokenise(TOKENIZER, text)
    assert all(start <= end for start, end in zip(tokens.starts, tokens.ends, strict=True))
    assert list(tokens.starts) == sorted(tokens.starts)
    assert not len(tokens) or tokens.ends[-1] <= len(text)


def test_offsets_find_the_word_behind_odd_characters() -> None:
    text = "🚀\u202b Citroe\u0308n\x00 AIG"
    tokens = tk.tokenise(TOKENIZER, text)
    last = tk.word_firsts(tokens)[-1]
    assert text[tokens.starts[last] : tokens.ends[-1]] == "AIG"


def test_a_long_text_ends_with_a_whole_word() -> None:
    tokens = tk.tokenise(TOKENIZER, "extraordinarily " * 5_000)
    assert len(tokens) <= tk.TOKENS_MAX
    assert (np.bincount(tokens.words) == np.bincount(tokens.words)[0]).all()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("plunge", tk.LOWER),
        ("42", tk.LOWER),
        ("Lehman", tk.CAPITAL),
        ("AIG", tk.UPPER),
        ("BofA", tk.MIXED),
        ("J", tk.INITIAL),
    ],
)
def test_case_class(word: str, expected: int) -> None:
    assert tk.case_class(word) == expected


def test_sub_words_share_the_case_of_their_word() -> None:
    tokens = tk.tokenise(TOKENIZER, "Mitsubishi-UFJ up")
    classes = tk.case_classes("Mitsubishi-UFJ up", tokens)
    assert set(classes[np.array(tokens.words) == 0]) == {tk.CAPITAL}
    assert classes[-1] == tk.LOWER


@pytest.mark.parametrize(
    "text",
    ["One short line", "A sentence here. " * 200, "no end of words " * 400, "x" * 40_000, "a,b," * 900],
)
def test_cores_cover_each_token_once_and_windows_fit(text: str) -> None:
    tokens = tk.tokenise(TOKENIZER, text)
    windows = tk.windows(text, tokens)
    covered = [index for window in windows for index in range(window.core_start, window.core_end)]
    assert covered == list(range(len(tokens)))
    assert all(window.end - window.start <= tk.WINDOW_TOKENS - 2 for window in windows)
    assert all(window.start <= window.core_start < window.core_end <= window.end for window in windows)


def test_cuts_inside_a_sentence_keep_words_whole() -> None:
    text = "extraordinarily unpronounceable " * 120
    tokens = tk.tokenise(TOKENIZER, text)
    assert all(
        tokens.words[window.core_start] != tokens.words[window.core_start - 1]
        for window in tk.windows(text, tokens)
        if window.core_start
    )


def test_nothing_gives_nothing() -> None:
    tokens = tk.tokenise(TOKENIZER, "")
    assert tk.windows("", tokens) == ()
    assert len(tk.case_classes("", tokens)) == 0


def test_token_ranges_touch_their_spans() -> None:
    text = "Merrill Lynch to be bought by BofA"
    tokens = tk.tokenise(TOKENIZER, text)
    (first, last), (empty_first, empty_last) = tk.token_ranges(tokens, [(30, 34), (7, 8)]).tolist()
    assert text[tokens.starts[first] : tokens.ends[last - 1]] == "BofA"
    assert empty_first == empty_last
