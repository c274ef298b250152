"""Train the targeted sentiment model: one encoding of a text, pooled over each entity's span.

    python -m models.sentiment --data DATA --out FOLDER [--seed 1] [--epochs 4]
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models import sentiment_corpora as corpora
from models.command import command
from models.encoder import SPECIAL, WIDTH, Encoder, base_tokenizer
from models.training import Plan, batches, seed_everything, train
from udfs import tokens as tk
from udfs.sentiment import LABELS, span_inputs

LENGTH_MAX = 126


@dataclass(frozen=True, slots=True)
class Item:
    """One text: ids with the special tokens, its targets' token ranges in them (targets, 2), and their labels."""

    ids: tk.IntArray
    ranges: tk.IntArray
    labels: tk.IntArray


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded texts (texts, length), and for each span its text, its pooling row and its label."""

    ids: Tensor
    types: Tensor
    rows: Tensor
    pool: Tensor
    labels: Tensor


class Scorer(nn.Module):
    """Span mean and [CLS], each through a matrix, added, then a small head: logits (spans, labels)."""

    def __init__(self) -> None:
        """Start from the base weights."""
        super().__init__()
        self.encoder = Encoder(types=2)
        self.dropout = nn.Dropout(0.1)
        self.span = nn.Linear(WIDTH, WIDTH)
        self.whole = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, len(LABELS))

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits of a batch's spans."""
        hidden = self.dropout(self.encoder(batch.ids, batch.types, batch.ids > 0))[batch.rows]
        pooled = (batch.pool[:, None, :].to(hidden.dtype) @ hidden)[:, 0]
        mixed = functional.gelu(self.span(pooled) + self.whole(hidden[:, 0]))
        return self.head(self.dropout(mixed))


def encode(tokenizer: Tokenizer, example: corpora.Example) -> Item | None:
    """Return an example's item, or None if no target lies in the first `LENGTH_MAX` tokens."""
    tokens = tk.tokenise(tokenizer, example.text)
    ranges = tk.token_ranges(tokens, [(target.start, target.end) for target in example.targets])
    kept = (ranges[:, 0] < ranges[:, 1]) & (ranges[:, 1] <= LENGTH_MAX)
    labels = np.array([target.label for target in example.targets], dtype=np.int64)
    ids = np.concatenate([[SPECIAL[0]], tokens.ids[:LENGTH_MAX], [SPECIAL[1]]])
    return Item(ids, ranges[kept] + 1, labels[kept]) if kept.any() else None


def thinned(item: Item, chance: random.Random) -> Item:
    """Sometimes keep one target alone: a text is also asked about with one entity of several."""
    if len(item.labels) < 2 or chance.random() < 0.6:
        return item
    index = chance.randrange(len(item.labels))
    return Item(item.ids, item.ranges[index : index + 1], item.labels[index : index + 1])


def collate(items: Sequence[Item]) -> Batch:
    """Pad texts and stack the inputs of their spans."""
    longest = max(len(item.ids) for item in items)
    ids = np.zeros((len(items), longest), dtype=np.int64)
    types = np.zeros_like(ids)
    pools: list[tk.FloatArray] = []
    for row, item in enumerate(items):
        size = len(item.ids)
        inputs = span_inputs(item.ranges, size)
        ids[row, :size] = item.ids
        types[row, :size] = inputs["types"]
        pools.append(np.pad(inputs["pool"], ((0, 0), (0, longest - size))))
    rows = np.repeat(np.arange(len(items)), [len(item.labels) for item in items])
    labels = np.concatenate([item.labels for item in items])
    arrays = (ids, types, rows, np.concatenate(pools), labels)
    return Batch(*(torch.from_numpy(array) for array in arrays))


def logits(model: Scorer, items: Sequence[Item]) -> tk.FloatArray:
    """Return the fp32 model's logits of all spans of all items, text by text."""
    model.eval()
    with torch.no_grad():
        return np.concatenate([model(collate([item])).numpy() for item in items])


def fit(items: list[Item], epochs: int, plan: Plan) -> tuple[Scorer, list[float]]:
    """Train a scorer and return it with its loss curve."""
    chance = random.Random(plan.seed)
    model = Scorer()

    def loss_of(_: int, batch: Sequence[int]) -> Tensor:
        inputs = collate([thinned(items[index], chance) for index in batch])
        return functional.cross_entropy(model(inputs).float(), inputs.labels, label_smoothing=0.05)

    grouped = [batches([len(item.ids) for item in items], chance) for _ in range(epochs)]
    return model, train(model, grouped, loss_of, plan)


def temperature(found: tk.FloatArray, labels: tk.IntArray) -> float:
    """Return the temperature that the logits are divided by for the least log loss (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(np.log(0.3), np.log(4), 200))
    losses = [
        float(functional.cross_entropy(torch.from_numpy(found / value), torch.from_numpy(labels)))
        for value in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


def main() -> None:
    """Train, calibrate, export and measure."""
    arguments = command(__doc__, epochs=4)
    seed_everything(arguments.seed)
    tokenizer = base_tokenizer()
    headlines = corpora.sentfin(arguments.data / "sentfin/entity_pairs.tsv")
    training, held = corpora.split(headlines, random.Random(0))
    training += corpora.finentity(arguments.data / "finentity/FinEntity_offsets_fixed.json")
    training += corpora.newsmtsc(arguments.data / "newsmtsc/train.jsonl")
    items = [item for item in (encode(tokenizer, example) for example in training) if item]
    model, curve = fit(items, arguments.epochs, Plan(arguments.seed))
    torch.save(model.state_dict(), arguments.out / "state.pt")
    dev = [item for item in (encode(tokenizer, example) for example in held) if item]
    found = logits(model, dev)
    labels = np.concatenate([item.labels for item in dev])
    print(curve, (found.argmax(1) == labels).mean(), len(labels), temperature(found, labels))


if __name__ == "__main__":
    main()
