"""Reading: the stages in their order, and what a fact takes from each."""

from collections.abc import Sequence

import pytest

from udfs.reading import Reader, Reading, mean_sentiment, polarity
from udfs.records import Article, Entity, EntityType, LinkedEntity, Mention, Sentiment
from udfs.similarity import signature
from udfs.text_scores import TextScores
from udfs.topics import NEWS

TEXT = "Acme sues Zenith as Acme falls"
ACME = Entity("org:acme", "Acme", EntityType.ORG)
ZENITH = Entity("eq:ZEN", "Zenith", EntityType.ORG, "Energy")


def mention(surface: str, start: int) -> Mention:
    return Mention(start, start + len(surface), surface, EntityType.ORG)


class Names:
    """Finds the two companies wherever they stand."""

    def find(self, text: str) -> tuple[Mention, ...]:
        starts = [(name, at) for name in ("Acme", "Zenith") for at in range(len(text)) if text.startswith(name, at)]
        return tuple(mention(*found) for found in sorted(starts, key=lambda found: found[1]))


class Links:
    """Groups mentions by their surface."""

    def link(self, text: str, mentions: Sequence[Mention]) -> tuple[LinkedEntity, ...]:
        assert all(text[one.start : one.end] == one.surface for one in mentions)
        groups = ((entity, tuple(one for one in mentions if one.surface == entity.name)) for entity in (ACME, ZENITH))
        return tuple(LinkedEntity(entity, group) for entity, group in groups if group)


class Moods:
    """The later a mention, the worse the text speaks about it."""

    def score(self, text: str, spans: Sequence[tuple[int, int]]) -> TextScores:
        shares = [start / len(text) for start, _ in spans]
        return TextScores(tuple(Sentiment(share, 0.0, 1.0 - share) for share in shares), "Legal | Regulation")


class Weights:
    """The first entity is what a text is about."""

    def score(self, headline: str, text: str, entities: Sequence[Sequence[tuple[int, int]]]) -> tuple[float, ...]:
        assert text.startswith(headline)
        return tuple(1.5 if index == 0 else 0.25 for index in range(len(entities)))


READER = Reader(Names(), Links(), Moods(), Weights(), "ner=1")


def read(headline: str, body: str = "") -> Reading:
    return READER.read(Article(NEWS, "a", 60_000, 60_000, known_assumed=True, headline=headline, body=body))


def test_facts_of_a_headline() -> None:
    acme, zenith = read(TEXT).facts
    assert (acme.entity, acme.mentions, acme.first_position) == (ACME, 2, 0)
    assert (zenith.entity, zenith.mentions, zenith.first_position) == (ZENITH, 1, 10)
    assert acme.sentiment_micro == round((1 - 2 * (0 + 20 / 30) / 2) * 1_000_000)
    assert (acme.relevance_micro, zenith.relevance_micro) == (1_000_000, 250_000)
    assert (acme.polarity, zenith.polarity, acme.model_versions) == (1, 1, "ner=1")
    assert (zenith.negative_micro, zenith.positive_micro) == (333_333, 666_667)


def test_what_is_said_of_the_whole_text() -> None:
    reading = read(TEXT, "Zenith replies")
    assert (reading.event_topic, reading.signature) == ("Legal | Regulation", signature(f"{TEXT}\n\nZenith replies"))


def test_edges_join_the_facts() -> None:
    edges = read(TEXT).edges
    assert [(term.a, term.b, term.weight) for term in edges.terms] == [("eq:ZEN", "org:acme", 250_000)]


def test_offsets_go_on_into_the_body() -> None:
    (fact,) = read("Nothing here", "Zenith").facts
    assert fact.first_position == len("Nothing here\n\n")


def test_an_article_without_entities_is_empty() -> None:
    assert read("Nothing here").facts == ()


@pytest.mark.parametrize(
    ("negative", "neutral", "positive", "sign"),
    [(0.1, 0.2, 0.7, 1), (0.7, 0.2, 0.1, -1), (0.2, 0.6, 0.2, 0), (0.4, 0.2, 0.4, 0), (0.2, 0.4, 0.4, 0)],
)
def test_polarity(negative: float, neutral: float, positive: float, sign: int) -> None:
    assert polarity(Sentiment(negative, neutral, positive)) == sign


def test_mean_sentiment_is_by_class() -> None:
    mean = mean_sentiment([Sentiment(1, 0, 0), Sentiment(0, 0, 1)])
    assert mean == Sentiment(0.5, 0, 0.5)
    assert mean.score == 0
