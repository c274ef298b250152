"""Headlines to measure with: the generator's valid articles, so that no file is needed."""

from __future__ import annotations

from udfs.topics import NEWS
from wiregraph.generator import Size, generate
from wiregraph.generator_records import Fate, StreamRecord


def articles(count: int, seed: int = 5) -> list[StreamRecord]:
    """So many distinct, valid news items of the generator."""
    size = Size(items=3 * count, sessions=0)
    found = [one for one in generate(seed, size).records if one.topic == NEWS and one.fate is Fate.ARTICLE]
    return found[:count]
