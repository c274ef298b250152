"""The light models that stand in for the shipped ones: the same questions and answers at a tenth of the cost."""

from __future__ import annotations

from pathlib import Path

from udfs import mentions, multitask, news_topics, relevance, sentiment, social
from udfs.inference.manifest import read_model
from udfs.inference.models import TEXT_LABELS, WEIGHTS, Models, expect, text_model, thresholds_of, tokenizer_of
from udfs.inference.sessions import start

RULE_VERSION = "relevance-rule=1"


def load_fallbacks(root: Path | None = None) -> Models:
    """Verify and load the light models below `root` (by default the shipped ones); raise `ModelError` if one is unfit.

    Relevance has no light model but a rule, since its model costs little already.
    """
    folder = WEIGHTS if root is None else root
    ner = expect(read_model(folder / "ner-light"), mentions.LABELS)
    tasks = expect(read_model(folder / "multitask-light"), TEXT_LABELS)
    text: multitask.TextModel = text_model(tasks)
    names = [f"{files.manifest.name}={files.manifest.version}" for files in (ner, tasks)]
    return Models(
        mentions.MentionFinder(tokenizer_of(ner), start(ner)),
        text,
        sentiment.SentimentScorer(text),
        social.SocialScorer(text),
        news_topics.TopicScorer(text, thresholds_of(tasks)),
        relevance.PositionRule(),
        ",".join((*names, RULE_VERSION)),
    )
