"""All that one encoding of a text says of it in the news job: the sentiment of its mentions, and its topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from udfs.multitask import TextModel
from udfs.news_topics import TopicScorer
from udfs.records import Sentiment
from udfs.sentiment import sentiments


@dataclass(frozen=True, slots=True)
class TextScores:
    """`event_topic` is one of `udfs.news_topics.NEWS_TOPICS`, or `OTHER` where none is likely enough."""

    sentiments: tuple[Sentiment, ...]
    event_topic: str


class TextScorer:
    """Reads each text once."""

    def __init__(self, model: TextModel, topics: TopicScorer) -> None:
        """Use a model, and what names the topics in its answers."""
        self._model = model
        self._topics = topics

    def score(self, text: str, spans: Sequence[tuple[int, int]]) -> TextScores:
        """Return the topic of a text and one sentiment for each span, as `udfs.multitask.TextModel.sentiment` does."""
        answers = self._model.read(text, spans)
        return TextScores(sentiments(answers.sentiment), self._topics.topics(answers).named)
