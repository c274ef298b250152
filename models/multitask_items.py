"""Texts as what the multi-task network is trained on: token ids, marked spans and labels, in padded batches."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from models.encoder import SPECIAL
from models.sentiment_corpora import Example
from models.text_corpora import Labelled
from udfs import tokens as tk
from udfs.multitask import span_inputs

LENGTH_MAX = 126
WIRE_LENGTH_MAX = 72
WIRE_CHARACTERS = 700
ALL_TARGETS = 0.6
"""In this share of the texts all targets are marked together, in the others one alone."""
MARKED = 0.5
"""In this share of the texts that are labelled as a whole, what looks like names is marked."""
NAMES_MAX = 6
_NAME = re.compile(r"[$@#]?[A-Z][\w&'-]*(?:[ .]+[A-Z][\w&'-]*){0,3}")


@dataclass(frozen=True, slots=True)
class Item:
    """One text: ids with the special tokens, its spans' token ranges in them (spans, 2), and labels.

    `labels` are rows of wanted probabilities, of each span or, where `task` reads whole texts, one of the text.
    `told` are a teacher's probabilities (1, labels) of other tasks that read whole texts.
    """

    task: str
    ids: tk.IntArray
    ranges: tk.IntArray
    labels: tk.FloatArray
    told: Mapping[str, tk.FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded texts of one task (texts, length) and, for each span, its text, its pooling row and its distances.

    All texts are told of the same other tasks.
    """

    task: str
    ids: Tensor
    types: Tensor
    rows: Tensor
    pool: Tensor
    distance: Tensor
    labels: Tensor
    told: Mapping[str, Tensor]


def targeted(tokenizer: Tokenizer, example: Example) -> Item | None:
    """Return an example's item, or None if no target lies in the first `LENGTH_MAX` tokens."""
    spans = [(target.start, target.end) for target in example.targets]
    ids, ranges = _encoded(tokenizer, example.text, spans, LENGTH_MAX)
    kept = (ranges[:, 0] < ranges[:, 1]) & (ranges[:, 1] < len(ids))
    labels = np.eye(3, dtype=np.float32)[[target.label for target in example.targets]]
    return Item("sentiment", ids, ranges[kept], labels[kept]) if kept.any() else None


def whole(tokenizer: Tokenizer, item: Labelled, task: str, labels: int) -> Item:
    """Return the item of a text that is labelled as a whole, with the spans of what looks like names."""
    wire = task == "wire_topics"
    text = item.text[:WIRE_CHARACTERS] if wire else item.text
    spans = [match.span() for match in _NAME.finditer(text)]
    ids, ranges = _encoded(tokenizer, text, spans, WIRE_LENGTH_MAX if wire else LENGTH_MAX)
    kept = (ranges[:, 0] < ranges[:, 1]) & (ranges[:, 1] < len(ids))
    wanted = np.zeros((1, labels), dtype=np.float32)
    wanted[0, list(item.labels)] = 1.0
    return Item(task, ids, ranges[kept], wanted)


def _encoded(
    tokenizer: Tokenizer, text: str, spans: Sequence[tuple[int, int]], length: int
) -> tuple[tk.IntArray, tk.IntArray]:
    """Return at most `length` tokens between the special ones, and the spans' ranges in them."""
    tokens = tk.without_links(text, tk.tokenise(tokenizer, text))
    ids = np.concatenate([[SPECIAL[0]], tokens.ids[:length], [SPECIAL[1]]])
    return ids, tk.token_ranges(tokens, spans) + 1


def thinned(item: Item, chance: random.Random) -> Item:
    """Sometimes mark one target alone: a text is also asked about with one entity of several.

    Of a text that is labelled as a whole, sometimes nothing is marked, sometimes a few of what looks like names.
    """
    count = len(item.ranges)
    if item.task != "sentiment":
        names = min(count, chance.randrange(1, NAMES_MAX)) if count and chance.random() < MARKED else 0
        return replace(item, ranges=item.ranges[sorted(chance.sample(range(count), names))])
    if count <= 1 or chance.random() < ALL_TARGETS:
        return item
    index = chance.randrange(count)
    return replace(item, ranges=item.ranges[index : index + 1], labels=item.labels[index : index + 1])


def unmarked(item: Item) -> Item:
    """Return an item of a whole text in which nothing is marked."""
    return replace(item, ranges=item.ranges[:0])


def collate(items: Sequence[Item]) -> Batch:
    """Pad texts of one task and stack the inputs of their spans."""
    longest = max(len(item.ids) for item in items)
    ids = np.zeros((len(items), longest), dtype=np.int64)
    types = np.zeros_like(ids)
    pools: list[tk.FloatArray] = []
    distances: list[tk.IntArray] = []
    for row, item in enumerate(items):
        size = len(item.ids)
        inputs = span_inputs(item.ranges, size)
        padding = ((0, 0), (0, longest - size))
        ids[row, :size] = item.ids
        types[row, :size] = inputs["types"]
        pools.append(np.pad(inputs["pool"], padding))
        distances.append(np.pad(inputs["distance"], padding))
    rows = np.repeat(np.arange(len(items)), [len(item.ranges) for item in items])
    labels = np.concatenate([item.labels for item in items])
    arrays = (ids, types, rows, np.concatenate(pools), np.concatenate(distances), labels)
    told = {name: torch.from_numpy(np.concatenate([item.told[name] for item in items])) for name in items[0].told}
    return Batch(items[0].task, *(torch.from_numpy(array) for array in arrays), told=told)
