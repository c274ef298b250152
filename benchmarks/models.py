"""The models alone: what each stage of a reading costs on one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import Figure
from benchmarks.texts import articles
from udfs.reader import load_reader

ARTICLES = 400
WARM_UP = 20


def measure(_directory: Path) -> Iterator[Figure]:
    """Milliseconds an article by stage, and the share of each in a reading."""
    texts = [record.text for record in articles(ARTICLES)]
    reader = load_reader()
    found = [reader.mentions.find(text) for text in texts]
    linked = [reader.linker.link(text, mentions) for text, mentions in zip(texts, found, strict=True)]
    spans = [[[(one.start, one.end) for one in entity.mentions] for entity in entities] for entities in linked]
    flat = [[span for group in groups for span in group] for groups in spans]
    stages: dict[str, Callable[[int], object]] = {
        "mentions": lambda at: reader.mentions.find(texts[at]),
        "linking": lambda at: reader.linker.link(texts[at], found[at]),
        "sentiment": lambda at: reader.sentiment.score(texts[at], flat[at]),
        "relevance": lambda at: reader.relevance.score(texts[at], texts[at], spans[at]),
    }
    costs = {name: _milliseconds(stage) for name, stage in stages.items()}
    whole = sum(costs.values())
    for name, cost in costs.items():
        yield Figure("models", f"{name}_per_article", cost, "ms", cost / whole, "of_a_reading")


def _milliseconds(stage: Callable[[int], object]) -> float:
    for at in range(WARM_UP):
        stage(at)
    started_s = time.perf_counter()
    for at in range(ARTICLES):
        stage(at)
    return 1_000 * (time.perf_counter() - started_s) / ARTICLES
