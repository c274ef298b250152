"""Load the three models of the news job together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from udfs import mentions, multitask, news_topics, relevance, relevance_features, sentiment, social
from udfs.inference.manifest import ModelError, ModelFiles, read_model
from udfs.inference.sessions import start

TOKENIZER = "tokenizer.json"
WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights"
"""Where the shipped models lie."""
TEXT_LABELS = (*sentiment.LABELS, *news_topics.NEWS_TOPICS, *news_topics.WIRE_TOPICS)
"""What the multi-task model speaks of, head by head; tone has the labels of sentiment."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models of the news job; `versions` names them, such as `ner=1,multitask=1,relevance=1`.

    `sentiment`, `social` and `topics` each ask `text`, which answers all three with one encoding.
    """

    mentions: mentions.MentionFinder
    text: multitask.TextModel
    sentiment: sentiment.SentimentScorer
    social: social.SocialScorer
    topics: news_topics.TopicScorer
    relevance: relevance.RelevanceScorer | relevance.PositionRule
    versions: str


def load_models(root: Path | None = None) -> Models:
    """Verify and load the models below `root` (by default the shipped ones); raise `ModelError` if one is unfit."""
    ner, tasks, centrality = check_models(root)
    text = text_model(tasks)
    return Models(
        mentions.MentionFinder(tokenizer_of(ner), start(ner)),
        text,
        sentiment.SentimentScorer(text),
        social.SocialScorer(text),
        news_topics.TopicScorer(text, thresholds_of(tasks)),
        relevance.RelevanceScorer(tokenizer_of(centrality).get_vocab(), start(centrality)),
        ",".join(f"{files.manifest.name}={files.manifest.version}" for files in (ner, tasks, centrality)),
    )


def check_models(root: Path | None = None) -> tuple[ModelFiles, ModelFiles, ModelFiles]:
    """Verify the models as `load_models` does, without starting them: mentions, text, relevance."""
    folder = WEIGHTS if root is None else root
    return (
        expect(read_model(folder / "ner"), mentions.LABELS),
        expect(read_model(folder / "multitask"), TEXT_LABELS),
        expect(read_model(folder / "relevance"), relevance_features.FEATURES),
    )


def load_mentions(root: Path | None = None) -> mentions.MentionFinder:
    """Verify and load the mention finder alone; raise `ModelError` if it is unfit."""
    ner = expect(read_model((WEIGHTS if root is None else root) / "ner"), mentions.LABELS)
    return mentions.MentionFinder(tokenizer_of(ner), start(ner))


def text_model(files: ModelFiles) -> multitask.TextModel:
    """Start the multi-task model."""
    counts = len(news_topics.NEWS_TOPICS), len(news_topics.WIRE_TOPICS)
    return multitask.TextModel(tokenizer_of(files), start(files), counts)


def thresholds_of(files: ModelFiles) -> news_topics.Thresholds:
    """Return from which probability on a topic is named."""
    try:
        return news_topics.thresholds(files.manifest.thresholds)
    except KeyError as error:
        message = f"the model {files.manifest.name} has no threshold of {error}"
        raise ModelError(message) from error


def expect(files: ModelFiles, labels: tuple[str, ...]) -> ModelFiles:
    """Return the files if the model speaks of what this version of the code expects."""
    if files.manifest.labels != labels:
        message = f"the model {files.manifest.name} has other labels than this version of Wiregraph expects"
        raise ModelError(message)
    return files


def tokenizer_of(files: ModelFiles) -> Tokenizer:
    """Make the tokenizer from verified bytes."""
    if TOKENIZER not in files.contents:
        message = f"the model {files.manifest.name} lists no {TOKENIZER}"
        raise ModelError(message)
    return Tokenizer.from_str(files.contents[TOKENIZER].decode())
