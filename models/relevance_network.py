"""Networks that rank entities, trained side by side, each without the articles of its own fold."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from udfs.tokens import FloatArray

HIDDEN = (40, 20)
DROPOUTS = (0.3, 0.2)
RATE, DECAY = 3e-3, 5e-2
ARTICLES_A_BATCH = 16
OTHERS_SHARE = 0.3
"""The share of the other sets that an epoch reads; of WikiPhrase's forms it reads one of each article."""


@dataclass(frozen=True, slots=True)
class Example:
    """One article's features (entities, features) and wanted relevance (entities,); `fold` is None where all train."""

    features: FloatArray
    wanted: FloatArray
    source: str
    fold: int | None


class Rankers(nn.Module):
    """Standardised features, two hidden layers, one logit: (entities, features) to (networks, entities)."""

    def __init__(self, networks: int, mean: Tensor, deviation: Tensor) -> None:
        """Standardise by the training set's mean and deviation."""
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        widths = (len(mean), *HIDDEN, 1)
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(networks, before, after) * (2 / before) ** 0.5)
            for before, after in itertools.pairwise(widths)
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(networks, 1, after)) for after in widths[1:])

    def forward(self, values: Tensor) -> Tensor:
        """Return the logits of each entity's relevance."""
        hidden = ((values - self.mean) / self.deviation).expand(len(self.biases[0]), -1, -1)
        for weight, bias, share in zip(self.weights[:-1], self.biases[:-1], DROPOUTS, strict=True):
            hidden = functional.relu(torch.baddbmm(bias, hidden, weight))
            hidden = functional.dropout(hidden, share, self.training)
        return torch.baddbmm(self.biases[-1], hidden, self.weights[-1])[:, :, 0]


def fit(
    forms: Mapping[str, Sequence[Example]], others: Sequence[Example], folds: Sequence[int], epochs: int, seed: int
) -> tuple[Rankers, list[float]]:
    """Train a network for each of `folds` without that fold's articles; return them with the loss curve."""
    chance = random.Random(seed)
    known = torch.from_numpy(np.concatenate([one.features for group in (*forms.values(), others) for one in group]))
    model = Rankers(len(folds), known.mean(0), known.std(0).clamp(min=1e-2))
    weights = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(weights, epochs)
    curve: list[float] = []
    for _ in range(epochs):
        drawn = [chance.choice(same) for same in zip(*forms.values(), strict=True)]
        drawn += chance.sample(list(others), round(OTHERS_SHARE * len(others)))
        chance.shuffle(drawn)
        steps = range(0, len(drawn), ARTICLES_A_BATCH)
        losses = [_step(model, weights, drawn[start : start + ARTICLES_A_BATCH], folds) for start in steps]
        schedule.step()
        curve.append(round(float(np.mean(losses)), 4))
    return model.eval(), curve


def _step(model: Rankers, weights: torch.optim.AdamW, batch: Sequence[Example], folds: Sequence[int]) -> float:
    """Take one step over a few articles."""
    values = torch.from_numpy(np.concatenate([one.features for one in batch]))
    wanted = torch.from_numpy(np.concatenate([one.wanted for one in batch]))
    sizes = [len(one.wanted) for one in batch]
    seen = np.array([[one.fold != fold for one in batch] for fold in folds], dtype=np.float32)
    loss = loss_of(model(values), wanted, torch.from_numpy(np.repeat(seen, sizes, axis=1)), _pairs(sizes))
    weights.zero_grad()
    loss.backward()
    weights.step()
    return float(loss.item()) / len(folds)


def _pairs(sizes: Sequence[int]) -> Tensor:
    """Return the pairs (2, pairs) of places in a batch that belong to one article."""
    starts = np.cumsum([0, *sizes[:-1]])
    pairs = [np.argwhere(~np.eye(size, dtype=bool)) + start for start, size in zip(starts, sizes, strict=True)]
    return torch.from_numpy(np.concatenate(pairs).T)


def loss_of(logits: Tensor, wanted: Tensor, seen: Tensor, pairs: Tensor) -> Tensor:
    """Return how wrong values are (log loss) plus how wrong their order in each article is (pairwise logistic).

    `logits` and `seen`, 1 where a network may see the article and else 0, are (networks, entities).
    """
    targets = wanted.expand_as(logits)
    value = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none") * seen
    higher, lower = pairs
    gaps = (wanted[higher] - wanted[lower]).clamp(min=0) * seen[:, higher]
    order = functional.softplus(logits[:, lower] - logits[:, higher]) * gaps
    return (value.sum(1) / seen.sum(1).clamp(min=1) + order.sum(1) / gaps.sum(1).clamp(min=1e-3)).sum()


def scores(model: Rankers, features: FloatArray) -> FloatArray:
    """Return the logits of all networks (networks, entities)."""
    with torch.no_grad():
        found: FloatArray = model(torch.from_numpy(features)).numpy()
    return found


def merged(model: Rankers) -> dict[str, FloatArray]:
    """Return the weights of one network whose logit is the mean of all networks' logits."""
    first, second, last = (weight.detach().numpy() for weight in model.weights)
    biases = [bias.detach().numpy()[:, 0] for bias in model.biases]
    count, inner, outer = second.shape
    block = np.zeros((count * outer, count * inner), dtype=np.float32)
    for at in range(count):
        block[at * outer : (at + 1) * outer, at * inner : (at + 1) * inner] = second[at].T
    return {
        "mean": model.mean.numpy(),
        "deviation": model.deviation.numpy(),
        "layer1.weight": np.concatenate([part.T for part in first]),
        "layer1.bias": biases[0].reshape(-1),
        "layer2.weight": block,
        "layer2.bias": biases[1].reshape(-1),
        "head.weight": last[:, :, 0].reshape(1, -1) / count,
        "head.bias": biases[2].mean(axis=0),
    }
