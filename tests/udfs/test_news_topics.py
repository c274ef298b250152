from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from udfs.multitask import NEWS, UNREAD, WIRE, Answers, TextModel
from udfs.news_topics import NEWS_TOPICS, OTHER, WIRE_TOPICS, ScoredTopic, Thresholds, Topics, TopicScorer, thresholds


class Says(TextModel):
    """A model that says the same of all texts."""

    def __init__(self, news: Mapping[str, float], wire: Mapping[str, float]) -> None:
        self._answers = Answers(
            np.zeros((0, 3), dtype=np.float32),
            UNREAD,
            np.array([news.get(topic, 0) for topic in NEWS_TOPICS], dtype=np.float32),
            np.array([wire.get(topic, 0) for topic in WIRE_TOPICS], dtype=np.float32),
        )

    def read(self, _text: str, _spans: Sequence[tuple[int, int]] = ()) -> Answers:
        return self._answers


def topics(news: float, wire: float) -> Topics:
    model = Says({"Dividend": 0.5, "IPO": 0.25}, {"acq": 0.25, "earn": 0.75, "gold": 0.5})
    return TopicScorer(model, Thresholds(news, wire)).score("any")


@pytest.mark.parametrize(("threshold", "named"), [(0.25, "Dividend"), (0.5, "Dividend"), (0.51, OTHER)])
def test_the_likeliest_topic_is_named_where_it_is_likely_enough(threshold: float, named: str) -> None:
    found = topics(threshold, 1)
    assert (found.named, found.news) == (named, ScoredTopic("Dividend", 0.5))


@pytest.mark.parametrize(
    ("threshold", "wire"), [(0.2, ["earn", "gold", "acq"]), (0.5, ["earn", "gold"]), (0.75, ["earn"]), (0.8, [])]
)
def test_topics_of_the_wire_are_those_likely_enough_the_likeliest_first(threshold: float, wire: list[str]) -> None:
    assert [one.topic for one in topics(1, threshold).wire] == wire


def test_the_registries_have_as_many_labels_as_their_data_sets() -> None:
    assert len(set(NEWS_TOPICS)) == 20
    assert len(set(WIRE_TOPICS)) == 90
    assert OTHER not in NEWS_TOPICS
    assert sorted(WIRE_TOPICS) == list(WIRE_TOPICS)


def test_thresholds_are_those_of_the_manifest() -> None:
    assert thresholds({NEWS: 0.3, WIRE: 0.6}) == Thresholds(news=0.3, wire=0.6)
    with pytest.raises(KeyError):
        thresholds({NEWS: 0.3})
