"""Headlines made of two, since few real ones speak well of one entity and badly of another."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from models.multitask_items import LENGTH_MAX, Item

LINKS = (",", ";", ":", "-", "while", "as", "but", "and", "after", ", while", "despite")


def contrasts(tokenizer: Tokenizer, items: Sequence[Item], count: int, chance: random.Random) -> list[Item]:
    """Return `count` headlines made of two, one that speaks well of its targets and one badly of its."""
    labels = [set(item.labels.argmax(axis=1).tolist()) for item in items]
    good, bad = ([item for item, found in zip(items, labels, strict=True) if found == {label}] for label in (2, 0))
    made: list[Item] = []
    for _ in range(count):
        left, right = chance.sample([chance.choice(good), chance.choice(bad)], 2)
        link = tokenizer.encode(chance.choice(LINKS), add_special_tokens=False).ids
        shift = len(left.ids) - 1 + len(link) - 1
        ids = np.concatenate([left.ids[:-1], link, right.ids[1:]])
        ranges = np.concatenate([left.ranges, right.ranges + shift])
        made.append(Item("sentiment", ids, ranges, np.concatenate([left.labels, right.labels])))
    return [item for item in made if len(item.ids) <= LENGTH_MAX]
