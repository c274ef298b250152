"""What a text is about: the labels of news and posts, and those of the wire.

(`udfs.topics` is the registry of Kafka's topics, which is another thing.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from udfs.multitask import NEWS, WIRE, Answers, TextModel

OTHER = "other"
"""What a text is about that none of `NEWS_TOPICS` fits."""
NEWS_TOPICS = (
    "Analyst Update", "Fed | Central Banks", "Company | Product News", "Treasuries | Corporate Debt", "Dividend",
    "Earnings", "Energy | Oil", "Financials", "Currencies", "General News | Opinion", "Gold | Metals | Materials",
    "IPO", "Legal | Regulation", "M&A | Investments", "Macro", "Markets", "Politics", "Personnel Change",
    "Stock Commentary", "Stock Movement",
)  # fmt: skip
"""The 20 topics of news and posts, one a text, in the order of twitter_financial_topic's labels 0-19."""
WIRE_TOPICS = (
    "acq", "alum", "barley", "bop", "carcass", "castor-oil", "cocoa", "coconut", "coconut-oil", "coffee", "copper",
    "copra-cake", "corn", "cotton", "cotton-oil", "cpi", "cpu", "crude", "dfl", "dlr", "dmk", "earn", "fuel", "gas",
    "gnp", "gold", "grain", "groundnut", "groundnut-oil", "heat", "hog", "housing", "income", "instal-debt",
    "interest", "ipi", "iron-steel", "jet", "jobs", "l-cattle", "lead", "lei", "lin-oil", "livestock", "lumber",
    "meal-feed", "money-fx", "money-supply", "naphtha", "nat-gas", "nickel", "nkr", "nzdlr", "oat", "oilseed",
    "orange", "palladium", "palm-oil", "palmkernel", "pet-chem", "platinum", "potato", "propane", "rand", "rape-oil",
    "rapeseed", "reserves", "retail", "rice", "rubber", "rye", "ship", "silver", "sorghum", "soy-meal", "soy-oil",
    "soybean", "strategic-metal", "sugar", "sun-meal", "sun-oil", "sunseed", "tea", "tin", "trade", "veg-oil",
    "wheat", "wpi", "yen", "zinc",
)  # fmt: skip
"""The 90 topics of Reuters-21578 that its training and its test articles (ModApte) both have; several a text."""


@dataclass(frozen=True, slots=True)
class ScoredTopic:
    """A topic and its probability."""

    topic: str
    probability: float


@dataclass(frozen=True, slots=True)
class Topics:
    """What a text is about.

    `news` is the likeliest of `NEWS_TOPICS`, `named` is it or `OTHER` if it is not likely enough; `wire` are
    those of `WIRE_TOPICS` that are likely enough, the likeliest first.
    """

    named: str
    news: ScoredTopic
    wire: tuple[ScoredTopic, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a topic is named; chosen on development data, kept in the model's manifest."""

    news: float
    wire: float


class TopicScorer:
    """Names the topics of texts."""

    def __init__(self, model: TextModel, thresholds: Thresholds) -> None:
        """Use a model."""
        self._model = model
        self._thresholds = thresholds

    def score(self, text: str) -> Topics:
        """Return the topics of a text; one without words is about `OTHER`."""
        return self.topics(self._model.read(text))

    def topics(self, answers: Answers) -> Topics:
        """Return the topics in what the model says of a text."""
        best = int(answers.news_topics.argmax())
        news = ScoredTopic(NEWS_TOPICS[best], float(answers.news_topics[best]))
        likely = np.flatnonzero(answers.wire_topics >= self._thresholds.wire).tolist()
        wire = [ScoredTopic(WIRE_TOPICS[place], float(answers.wire_topics[place])) for place in likely]
        return Topics(
            news.topic if news.probability >= self._thresholds.news else OTHER,
            news,
            tuple(sorted(wire, key=lambda one: -one.probability)),
        )


def thresholds(values: dict[str, float]) -> Thresholds:
    """Return a manifest's thresholds; raise `KeyError` if one is missing."""
    return Thresholds(float(values[NEWS]), float(values[WIRE]))
