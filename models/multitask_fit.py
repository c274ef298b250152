"""How the multi-task network is fitted: the loss of a batch, and batches of all sets in one random order."""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

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
WEIGHTS = {SENTIMENT: 1.0, SOCIAL: 1.0, NEWS: 1.0, WIRE: 0.5}


def sentiment(model: Multitask, batch: Batch) -> Tensor:
    """Return the logits (spans, labels) of a batch of texts with targets."""
    return model.sentiment(model.encode(batch.ids, batch.types), Spans(batch.rows, batch.pool, batch.distance))


def loss(model: Multitask, batch: Batch) -> Tensor:
    """Return a batch's mean loss."""
    if batch.task == SENTIMENT:
        logits = sentiment(model, batch)
    else:
        logits = getattr(model, batch.task)(model.encode(batch.ids, batch.types))
    if batch.task == WIRE:
        found = functional.binary_cross_entropy_with_logits(logits.float(), batch.labels, reduction="sum")
        return WEIGHTS[WIRE] * found / len(batch.labels)
    return WEIGHTS[batch.task] * functional.cross_entropy(logits.float(), batch.labels, label_smoothing=SMOOTHING)


def fit(model: Multitask, sets: Mapping[str, Sequence[Item]], passes: Mapping[str, int], plan: Plan) -> list[float]:
    """Train over each set as often as `passes` says, each batch of one task, all in one random order.

    Returns the mean loss of each tenth of the way.
    """
    chance = random.Random(plan.seed)
    groups = [
        [sets[name][index] for index in group]
        for name, times in passes.items()
        for _ in range(times)
        for group in batches([len(item.ids) for item in sets[name]], chance)
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
