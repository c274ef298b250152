"""Load the three models of the news job together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from udfs import mentions, relevance, sentiment
from udfs.inference.manifest import ModelError, ModelFiles, read_model
from udfs.inference.sessions import start

TOKENIZER = "tokenizer.json"
WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights"
"""Where the shipped models lie."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models of the news job; `versions` names them, such as `ner=1,sentiment=1,relevance=1`."""

    mentions: mentions.MentionFinder
    sentiment: sentiment.SentimentScorer
    relevance: relevance.RelevanceScorer
    versions: str


def load_models(root: Path | None = None) -> Models:
    """Verify and load the models below `root` (by default the shipped ones); raise `ModelError` if one is unfit."""
    ner, tone, centrality = check_models(root)
    return Models(
        mentions.MentionFinder(_tokenizer(ner), start(ner)),
        sentiment.SentimentScorer(_tokenizer(tone), start(tone)),
        relevance.RelevanceScorer(start(centrality)),
        ",".join(f"{files.manifest.name}={files.manifest.version}" for files in (ner, tone, centrality)),
    )


def check_models(root: Path | None = None) -> tuple[ModelFiles, ModelFiles, ModelFiles]:
    """Verify the models as `load_models` does, without starting them: mentions, sentiment, relevance."""
    folder = WEIGHTS if root is None else root
    return (
        _expect(read_model(folder / "ner"), mentions.LABELS),
        _expect(read_model(folder / "sentiment"), sentiment.LABELS),
        _expect(read_model(folder / "relevance"), relevance.FEATURES),
    )


def _expect(files: ModelFiles, labels: tuple[str, ...]) -> ModelFiles:
    """Return the files if the model speaks of what this version of the code expects."""
    if files.manifest.labels != labels:
        message = f"the model {files.manifest.name} has other labels than this version of Wiregraph expects"
        raise ModelError(message)
    return files


def _tokenizer(files: ModelFiles) -> Tokenizer:
    """Make the tokenizer from verified bytes."""
    if TOKENIZER not in files.contents:
        message = f"the model {files.manifest.name} lists no {TOKENIZER}"
        raise ModelError(message)
    return Tokenizer.from_str(files.contents[TOKENIZER].decode())
