import pytest

from udfs.topics import ALL, GRAPH, NEWS, TopicSpec
from wiregraph.errors import Failure
from wiregraph.topics_admin import consumer, create_missing, partitions, record_counts

pytestmark = pytest.mark.jvm


def test_only_missing_topics_are_created(stack_broker: str) -> None:
    options = {"bootstrap_servers": stack_broker}
    assert create_missing(options, ALL) == []
    assert create_missing(options, [*ALL, TopicSpec("graph.extra", 2, compacted=True)]) == ["graph.extra"]
    (count,) = record_counts(options, ["graph.extra"])
    assert (count.partitions, count.records) == (2, 0)
    assert {GRAPH, NEWS, "graph.extra"} <= {one.name for one in record_counts(options)}


def test_a_missing_topic_says_what_to_do(stack_broker: str) -> None:
    with pytest.raises(Failure, match="nothing is missing"), consumer({"bootstrap_servers": stack_broker}) as reader:
        partitions(reader, "nothing")
