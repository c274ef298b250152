import pytest

from udfs import topics
from udfs.decode import VALUE_BYTES_MAX
from udfs.topics import ALL, CLICK_FRAUD, KEEP, NEWS_GRAPH, TopicSpec


def test_each_topic_is_created_once() -> None:
    assert len({spec.name for spec in ALL}) == len(ALL)


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_a_topic_either_keeps_everything_or_the_newest_of_each_key(spec: TopicSpec) -> None:
    config = spec.config()
    upserts = {topics.CONTROL, topics.GRAPH, topics.ALERTS, topics.LABELS}
    assert config["cleanup.policy"] == ("compact" if spec.name in upserts else "delete")
    assert config.get("retention.ms") == (None if spec.name in upserts else KEEP)


def test_the_largest_article_that_is_not_refused_fits() -> None:
    (news,) = [spec for spec in ALL if spec.name == topics.NEWS]
    assert news.max_message_bytes > VALUE_BYTES_MAX


@pytest.mark.parametrize(
    ("graph", "names"),
    [
        ("", ("graph", "alerts", "wiregraph-news-graph", "wiregraph-click-fraud")),
        ("old", ("graph.old", "alerts.old", "wiregraph-news-graph.old", "wiregraph-click-fraud.old")),
    ],
)
def test_each_graph_has_topics_and_groups_of_its_own(graph: str, names: tuple[str, ...]) -> None:
    groups = (topics.consumer_group(NEWS_GRAPH, graph), topics.consumer_group(CLICK_FRAUD, graph))
    assert (topics.graph_topic(graph), topics.alerts_topic(graph), *groups) == names
    assert (topics.graph_spec(graph).name, topics.alerts_spec(graph).name) == names[:2]


def test_a_replay_has_as_many_partitions_as_what_is_live() -> None:
    assert topics.graph_spec("old").partitions == topics.graph_spec().partitions
    assert topics.alerts_spec("old").partitions == topics.alerts_spec().partitions
