"""A last stage for the heads of topics alone: the encoder and all that is said of sentiment stay as they are.

The encoder reads each text once; the heads then read its two vectors many times, which costs next to nothing.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from models.multitask_fit import SMOOTHING, task_loss
from models.multitask_items import Item, collate
from models.multitask_net import Multitask, TextHead, pooled
from models.training import autocast, batches

READ_TOKENS = 4_096
ROWS = 256
EPOCHS = 12
RATE = 5e-4


def fit_heads(model: Multitask, sets: Mapping[str, Sequence[Item]]) -> list[float]:
    """Train the heads of the sets' tasks, one set a task; return each one's last mean loss."""
    return [_fit(getattr(model, items[0].task), items[0].task, *_read(model, items)) for items in sets.values()]


def _read(model: Multitask, items: Sequence[Item]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the texts' means and first vectors (texts, width), and their labels (texts, labels)."""
    model.eval()
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for group in batches([len(item.ids) for item in items], random.Random(0), READ_TOKENS):
        batch = collate([items[index] for index in group])
        with torch.no_grad(), autocast():
            mean, first = pooled(model.encode(batch.ids, batch.types))
        parts.append((mean.float(), first.float(), batch.labels))
    columns: Iterable[tuple[Tensor, ...]] = zip(*parts, strict=True)
    mean, first, labels = (torch.cat(column) for column in columns)
    return mean, first, labels


def _fit(head: TextHead, task: str, mean: Tensor, first: Tensor, labels: Tensor) -> float:
    """Train one head on what the encoder made of its texts."""
    head.train()
    weights = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=0.01)
    steps = EPOCHS * (len(labels) // ROWS + 1)
    schedule = torch.optim.lr_scheduler.LinearLR(weights, 1.0, 0.0, steps)
    losses: list[float] = []
    for _ in range(EPOCHS):
        losses = []
        for rows in torch.randperm(len(labels)).split(ROWS):
            loss = task_loss(task, head.mixed(mean[rows], first[rows]), labels[rows], SMOOTHING)
            loss.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            weights.step()
            schedule.step()
            weights.zero_grad(set_to_none=True)
            losses.append(loss.item())
    return sum(losses) / len(losses)
