"""Headlines made of others: labelled ones are few, and few speak well of one entity and badly of another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tokenizers import Tokenizer

from models.multitask_items import LENGTH_MAX, Item
from udfs import tokens as tk

LINKS = (",", ";", ":", "-", "while", "as", "but", "and", "after", ", while", "despite")
DROPPED, RENAMED = 0.15, 0.3
"""The share of the words that a varied headline loses, and of the targets that bear another one's name in it."""
DROPPED_AGAIN, RENAMED_AGAIN, JOINED = 0.1, 0.5, 0.3
"""The same for the second variant of a headline, and the share of these that are joined to another one's."""


def contrasts(tokenizer: Tokenizer, items: Sequence[Item], count: int, chance: random.Random) -> list[Item]:
    """Return `count` headlines made of two, one that speaks well of its targets and one badly of its."""
    labels = [set(item.labels.argmax(axis=1).tolist()) for item in items]
    good, bad = ([item for item, found in zip(items, labels, strict=True) if found == {label}] for label in (2, 0))
    made: list[Item] = []
    for _ in range(count):
        left, right = chance.sample([chance.choice(good), chance.choice(bad)], 2)
        made.append(joined(left, _link(tokenizer, chance), right))
    return [item for item in made if len(item.ids) <= LENGTH_MAX]


def varied(tokenizer: Tokenizer, items: Sequence[Item], chance: random.Random) -> list[Item]:
    """Return two variants of each headline, with words left out and names exchanged; their labels may be wrong now.

    A model that learns from another's answers wants many questions rather than right labels (Tang et al. 2019).
    """
    names = [item.ids[first:last] for item in items for first, last in item.ranges.tolist()]

    def variant(item: Item, dropped: float, shares: float) -> Item:
        """Return one variant."""
        called = [
            chance.choice(names) if chance.random() < shares else item.ids[first:last]
            for first, last in item.ranges.tolist()
        ]
        return _rebuilt(item, called, [chance.random() >= dropped for _ in item.ids])

    made: list[Item] = []
    for item in items:
        second = variant(item, DROPPED_AGAIN, RENAMED_AGAIN)
        if chance.random() < JOINED:
            other = variant(chance.choice(items), DROPPED_AGAIN, RENAMED_AGAIN)
            second = joined(second, _link(tokenizer, chance), other)
        made += [variant(item, DROPPED, RENAMED), second]
    return [item for item in made if len(item.ids) <= LENGTH_MAX]


def joined(left: Item, link: Sequence[int], right: Item) -> Item:
    """Return one headline made of two with a link's tokens between them."""
    shift = len(left.ids) - 1 + len(link) - 1
    ids = np.concatenate([left.ids[:-1], np.array(link, dtype=np.int64), right.ids[1:]])
    ranges = np.concatenate([left.ranges, right.ranges + shift])
    return replace(left, ids=ids, ranges=ranges, labels=np.concatenate([left.labels, right.labels]))


def _link(tokenizer: Tokenizer, chance: random.Random) -> list[int]:
    """Return the tokens of one of the links."""
    return list(tokenizer.encode(chance.choice(LINKS), add_special_tokens=False).ids)


def _rebuilt(item: Item, names: Sequence[tk.IntArray], kept: Sequence[bool]) -> Item:
    """Return an item whose targets bear the names and of whose other tokens some are kept; the special ones are."""
    last = len(item.ids) - 1
    starts = {first: (end, name) for (first, end), name in zip(item.ranges.tolist(), names, strict=True)}
    ids: list[int] = []
    ranges: list[tuple[int, int]] = []
    place = 0
    while place <= last:
        end, name = starts.get(place, (place + 1, item.ids[place : place + 1]))
        if place in starts:
            ranges.append((len(ids), len(ids) + len(name)))
        if place in starts or place in {0, last} or kept[place]:
            ids += name.tolist()
        place = end
    return replace(item, ids=np.array(ids), ranges=np.array(ranges))
