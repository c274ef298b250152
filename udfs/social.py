"""The tone of a text as a whole, of whatever it speaks: posts, comments, tweets and headlines."""

from __future__ import annotations

from udfs.multitask import Answers, TextModel
from udfs.records import Sentiment


class SocialScorer:
    """Scores texts without a target."""

    def __init__(self, model: TextModel) -> None:
        """Use a model."""
        self._model = model

    def score(self, text: str) -> Sentiment:
        """Return the tone of a text; one without words is neutral."""
        return tone(self._model.read(text))


def tone(answers: Answers) -> Sentiment:
    """Return what the model says of the text as a whole."""
    return Sentiment(*answers.social.tolist())
