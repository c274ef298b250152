"""The models alone: what they cost on one core, and what they are worth on development data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks import models_quality, models_speed
from benchmarks.report import Figure
from benchmarks.texts import articles
from udfs.gazetteer import load_linker
from udfs.inference import load_fallbacks, load_models

HEADLINES = 120
LONG_WORDS = 350
LONG_ARTICLES = 12
DATA_VARIABLE = "DATA"
DATA = "../shared/data"


def measure(_directory: Path) -> Iterator[Figure]:
    """Milliseconds a headline and a 350-word article by stage, texts a second; quality where there is data."""
    texts = [record.text for record in articles(max(HEADLINES, LONG_ARTICLES * LONG_WORDS // 8))]
    words = " ".join(f"{text}." for text in texts).split()
    long = [" ".join(words[at * LONG_WORDS : (at + 1) * LONG_WORDS]) for at in range(LONG_ARTICLES)]
    yield from models_speed.measure({"headline": texts[:HEADLINES], "article": long}, load_linker())
    data = Path(os.environ.get(DATA_VARIABLE, DATA))
    yield from models_quality.measure(data, load_models(), load_fallbacks())
