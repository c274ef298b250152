"""The reader as it is shipped: the models and the gazetteer put together, once a process."""

from __future__ import annotations

from pathlib import Path

from udfs.gazetteer import gazetteer_version, load_linker
from udfs.inference import load_models
from udfs.reading import Reader
from udfs.text_scores import TextScorer


def load_reader(models: Path | None = None) -> Reader:
    """The reader with the models below `models` (by default the shipped ones); raises `ModelError` if one is unfit.

    Its `versions` name the gazetteer too, since a fact's entity depends on it as its scores do on the models.
    """
    loaded = load_models(models)
    versions = f"{loaded.versions},gazetteer={gazetteer_version()}"
    text = TextScorer(loaded.text, loaded.topics)
    return Reader(loaded.mentions, load_linker(), text, loaded.relevance, versions)
