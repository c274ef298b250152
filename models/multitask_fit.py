"""How the multi-task network is fitted: the loss of a batch, and batches of all sets in one random order."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from models.contrasts import contrasts
from models.multitask_items import Batch, Item, collate, thinned
from models.multitask_net import Multitask, Spans
from models.training import Plan, batches, train
from udfs.multitask import NEWS, SENTIMENT, SOCIAL, WIRE

SMOOTHING = 0.05
TOLD_WEIGHT = 0.5
WEIGHTS = {SENTIMENT: 1.0, SOCIAL: 1.0, NEWS: 1.0, WIRE: 0.5}


def logits(model: Multitask, batch: Batch, told: Collection[str] = ()) -> dict[str, Tensor]:
    """Return a batch's logits (rows of labels, labels) of its own task, and of other tasks that read whole texts."""
    encoded = model.encode(batch.ids, batch.types)
    found = {task: getattr(model, task)(encoded) for task in (batch.task, *told) if task != SENTIMENT}
    if batch.task == SENTIMENT:
        found[SENTIMENT] = model.sentiment(encoded, Spans(batch.rows, batch.pool, batch.distance))
    return {task: values.float() for task, values in found.items()}


def loss(model: Multitask, batch: Batch) -> Tensor:
    """Return a batch's mean loss, with that of what its texts are told of other tasks."""
    found = logits(model, batch, batch.told)
    told = [task_loss(task, found[task], wanted, 0.0) for task, wanted in batch.told.items()]
    return task_loss(batch.task, found[batch.task], batch.labels, SMOOTHING) + TOLD_WEIGHT * sum(told)


def task_loss(task: str, found: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
    """Return the mean loss of one task's logits."""
    if task == WIRE:
        total = functional.binary_cross_entropy_with_logits(found, wanted, reduction="sum")
        return WEIGHTS[WIRE] * total / len(wanted)
    return WEIGHTS[task] * functional.cross_entropy(found, wanted, label_smoothing=smoothing)


def fit(model: Multitask, sets: Mapping[str, Sequence[Item]], passes: Mapping[str, int], plan: Plan) -> list[float]:
    """Train over each set as often as `passes` says, each batch of one task, all in one random order.

    Returns the mean loss of each tenth of the way.
    """
    chance = random.Random(plan.seed)
    groups = [
        [sets[name][index] for index in group]
        for name, times in passes.items()
        for _ in range(times)
        for group in batches([len(item.ids) for item in sets[name]], chance, plan.batch_tokens)
    ]
    chance.shuffle(groups)

    def loss_of(_: int, batch: Sequence[int]) -> Tensor:
        return loss(model, collate([thinned(item, chance) for item in groups[batch[0]]]))

    tenths = [[[int(at)] for at in part] for part in np.array_split(np.arange(len(groups)), 10)]
    return train(model, tenths, loss_of, plan)


def several_labels(item: Item) -> bool:
    """Whether an item's targets differ in their labels, which is what a model of the whole text gets wrong."""
    return len(set(item.labels.argmax(axis=1).tolist())) > 1


def derived(
    tokenizer: Tokenizer, sets: Mapping[str, Sequence[Item]], seed: int, count: int
) -> dict[str, Sequence[Item]]:
    """Return the sets with the headlines that have several labels, and with `count` headlines made of two."""
    mixed = [item for item in sets["sentfin"] if several_labels(item)]
    return {**sets, "mixed": mixed, "contrasts": contrasts(tokenizer, sets["sentfin"], count, random.Random(seed))}
