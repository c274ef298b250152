"""The small recurrent network of the cascade: a session's latest clicks to the log odds of fraud."""

# Types are checked where torch is not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.fraud_examples import Examples
from udfs.clicks import KINDS
from udfs.session_sequence import STEP_FEATURES, Sequence32

KIND_WIDTH = 6
HIDDEN = 24
STEP_SCALE = 10.0
"""Logarithms of gaps and prices lie within about 0..13."""
BATCH = 256
RATE = 4e-3


class ClickNetwork(nn.Module):
    """Kinds are embedded and joined with the steps, a GRU reads them, its last state tells."""

    def __init__(self) -> None:
        """Make an untrained network."""
        super().__init__()
        self.kind = nn.Embedding(len(KINDS), KIND_WIDTH)
        self.gru = nn.GRU(KIND_WIDTH + len(STEP_FEATURES), HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, 1)

    def forward(self, kinds: Tensor, steps: Tensor, lengths: Tensor) -> Tensor:
        """Return log odds (sessions,) of `kinds` (sessions, longest) and `steps` (sessions, longest, features)."""
        joined = torch.cat([self.kind(kinds), steps / STEP_SCALE], dim=2)
        packed = nn.utils.rnn.pack_padded_sequence(joined, lengths, batch_first=True, enforce_sorted=False)
        _, last = self.gru(packed)
        return self.head(last[0]).squeeze(1)


def fit_network(known: Examples, epochs: int, seed: int) -> tuple[ClickNetwork, list[float]]:
    """Train on attempts whose labels are known; return the network and the loss of each epoch."""
    network = ClickNetwork()
    weights = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    chance = random.Random(seed)
    steps = epochs * -(-len(known) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(weights, RATE, total_steps=steps)
    labels = torch.from_numpy(known.fraud.astype(np.float32))
    curve = []
    for _ in range(epochs):
        order = list(range(len(known)))
        chance.shuffle(order)
        losses = []
        for places in _slices(order):
            log_odds = network(*_padded([known.sequences[place] for place in places]))
            loss = nn.functional.binary_cross_entropy_with_logits(log_odds, labels[places])
            weights.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            weights.step()
            schedule.step()
            losses.append(loss.item())
        curve.append(round(float(np.mean(losses)), 5))
    return network, curve


def log_odds_of(network: ClickNetwork, sequences: Sequence[Sequence32]) -> NDArray[np.float64]:
    """Return the network's log odds, (attempts,)."""
    with torch.no_grad():
        parts = [
            network(*_padded([sequences[place] for place in places])).numpy()
            for places in _slices(list(range(len(sequences))))
        ]
    log_odds: NDArray[np.float64] = np.concatenate(parts).astype(np.float64)
    return log_odds


def _slices(order: list[int]) -> Iterator[list[int]]:
    return (order[start : start + BATCH] for start in range(0, len(order), BATCH))


def _padded(sequences: Sequence[Sequence32]) -> tuple[Tensor, Tensor, Tensor]:
    """Return kinds, steps and lengths of a batch, padded behind."""
    lengths = torch.tensor([one.kinds.shape[1] for one in sequences])
    kinds = [torch.from_numpy(one.kinds[0]) for one in sequences]
    steps = [torch.from_numpy(one.steps[0]) for one in sequences]
    pad = nn.utils.rnn.pad_sequence
    return pad(kinds, batch_first=True), pad(steps, batch_first=True), lengths
