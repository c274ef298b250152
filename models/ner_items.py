"""NER texts as arrays, and how they are drawn, joined and recased for training."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from models import corpora
from models.encoder import SPECIAL
from udfs import tokens as tk
from udfs.mentions import LABELS

IGNORED = -100
LENGTH_MAX = 126
ALL_CAPS, ALL_LOWER, TITLE_CASE = 0.10, 0.18, 0.26
"""Cumulated shares of the texts that are read in another casing than their own."""


@dataclass(frozen=True, slots=True)
class Item:
    """One training text as arrays of one length, without special tokens; `labels` has IGNORED inside words."""

    ids: tk.IntArray
    cases: tk.IntArray
    labels: tk.IntArray


def encoded(tokenizer: Tokenizer, examples: Sequence[corpora.Example]) -> list[Item]:
    """Return the items of all examples that hold a token."""
    return [item for item in (encode(tokenizer, example) for example in examples) if len(item.ids)]


def encode(tokenizer: Tokenizer, example: corpora.Example) -> Item:
    """Label the first sub-word of each word: B or I of the span that the word begins in, else O."""
    tokens = tk.tokenise(tokenizer, example.text)
    labels = np.full(len(tokens), IGNORED, dtype=np.int64)
    firsts, starts = np.array(tk.word_firsts(tokens), dtype=np.int64), np.array(tokens.starts, dtype=np.int64)
    labels[firsts] = LABELS.index("O")
    for span in example.spans:
        inside = firsts[(starts[firsts] >= span.start) & (starts[firsts] < span.end)]
        labels[inside] = LABELS.index(f"I-{span.type}")
        labels[inside[:1]] = LABELS.index(f"B-{span.type}")
    cases = tk.case_classes(example.text, tokens)
    return Item(np.array(tokens.ids[:LENGTH_MAX], dtype=np.int64), cases[:LENGTH_MAX], labels[:LENGTH_MAX])


def recased(cases: tk.IntArray, chance: random.Random) -> tk.IntArray:
    """Sometimes return the casing of an ALL-CAPS, a lower-case or a Title-Case text instead.

    The vocabulary knows no case, so changing the classes changes the text as the encoder sees it.
    """
    draw = chance.random()
    if draw < ALL_CAPS:
        return np.full_like(cases, tk.UPPER)
    if draw < ALL_LOWER:
        return np.zeros_like(cases)
    if draw < TITLE_CASE:
        return np.where((cases == tk.LOWER) & (np.arange(len(cases)) % 5 != 0), tk.CAPITAL, cases)
    return cases


def collate(items: Sequence[Item], chance: random.Random | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad items to ids, types, mask and labels, each (batch, longest + 2); recase them if given a chance."""
    longest = max(len(item.ids) for item in items) + 2
    ids = np.zeros((len(items), longest), dtype=np.int64)
    types, labels = np.zeros_like(ids), np.full_like(ids, IGNORED)
    for row, item in enumerate(items):
        end = len(item.ids) + 1
        ids[row, 0], ids[row, end] = SPECIAL
        ids[row, 1:end] = item.ids
        types[row, 1:end] = recased(item.cases, chance) if chance else item.cases
        labels[row, 1:end] = item.labels
    return torch.from_numpy(ids), torch.from_numpy(types), torch.from_numpy(ids) > 0, torch.from_numpy(labels)


def joined(items: Sequence[Item], chance: random.Random, share: float = 0.25) -> list[Item]:
    """Join some neighbouring items into one, since a window of an article holds several sentences."""
    merged: list[Item] = []
    for item in items:
        before = merged[-1] if merged else None
        if before is not None and chance.random() < share and len(before.ids) + len(item.ids) <= LENGTH_MAX:
            pairs = ((before.ids, item.ids), (before.cases, item.cases), (before.labels, item.labels))
            merged[-1] = Item(*(np.concatenate(pair) for pair in pairs))
        else:
            merged.append(item)
    return merged


def sample(sets: Mapping[str, list[Item]], share: Mapping[str, float], chance: random.Random) -> list[Item]:
    """Draw one epoch's items."""
    drawn: list[Item] = []
    for name, items in sorted(sets.items()):
        whole, part = divmod(share.get(name, 0.0), 1)
        for _ in range(int(whole)):
            drawn.extend(joined(items, chance))
        drawn.extend(chance.sample(items, int(part * len(items))))
    return drawn
