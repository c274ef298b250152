"""What the multi-task model says when it is asked as a teacher of its further training.

What it has learnt from labels it says (Hinton et al. 2015; Furlanello et al. 2018) about variants of headlines, whose
labels may be wrong, and of labelled texts what nobody asked of them: the tone of a post about topics.
"""

# Types are checked where torch and onnx are not installed.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from models.multitask_fit import logits
from models.multitask_items import Item, collate
from models.multitask_net import Multitask
from models.training import autocast, batches
from udfs import tokens as tk
from udfs.multitask import WIRE, sigmoid, softmax

ASKED_TOKENS = 4_096


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a teacher says of a set: its share in the labels, and the other tasks that it speaks of."""

    trust: float
    told: Collection[str] = ()


def taught(teacher: Multitask, items: Sequence[Item], lesson: Lesson) -> list[Item]:
    """Return the items with what the teacher says of each, all targets of a text together."""
    found = opinions(teacher, items, lesson.told)

    def one(item: Item, opinion: Mapping[str, tk.FloatArray]) -> Item:
        """Return one item."""
        labels = (1 - lesson.trust) * item.labels + lesson.trust * opinion[item.task]
        return replace(item, labels=labels, told={task: opinion[task] for task in lesson.told})

    return [one(item, opinion) for item, opinion in zip(items, found, strict=True)]


def opinions(teacher: Multitask, items: Sequence[Item], told: Collection[str] = ()) -> list[dict[str, tk.FloatArray]]:
    """Return each item's probabilities (rows of labels, labels) of its own task and of others, by task."""
    teacher.eval()
    found: list[dict[str, tk.FloatArray]] = [{} for _ in items]
    for group in batches([len(item.ids) for item in items], random.Random(0), ASKED_TOKENS):
        batch = collate([items[index] for index in group])
        with torch.no_grad(), autocast():
            values = logits(teacher, batch, told)
        for task, rows in values.items():
            sizes = [len(items[index].labels) if task == batch.task else 1 for index in group]
            shares = (sigmoid if task == WIRE else softmax)(rows.numpy())
            for index, part in zip(group, np.split(shares, np.cumsum(sizes)[:-1]), strict=True):
                found[index][task] = part
    return found
