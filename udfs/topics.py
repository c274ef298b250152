"""The registry of Kafka's names: topics, their policies and partitions, and the jobs' consumer groups."""

from __future__ import annotations

from dataclasses import dataclass

NEWS = "news"
POSTS = "posts"
CLICKS = "clicks"
CONTROL = "control"
GRAPH = "graph"
ALERTS = "alerts"
LABELS = "labels"
DEAD_LETTERS = "dead-letters"
LATE = "late"
MODEL_HEALTH = "model-health"

NEWS_GRAPH = "news-graph"
"""The news job's name, as users and Flink know it."""
CLICK_FRAUD = "click-fraud"
"""The clickstream job's name."""

KEEP = "-1"
"""`retention.ms` of a topic that keeps everything: a wire of 2008 must not be deleted as old."""

COMPACTED_AFTER_MS = 3_600_000
"""So old is a record that compaction takes: it keeps the highest offset of a key, which is not the highest version
until a job that was started again has come to where it was."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created. `max_message_bytes` bounds one record on the wire."""

    name: str
    partitions: int
    compacted: bool = False
    max_message_bytes: int = 8 * 1024 * 1024

    def config(self) -> dict[str, str]:
        """Kafka's topic configuration for this spec."""
        policy = "compact" if self.compacted else "delete"
        kept = {"min.compaction.lag.ms": str(COMPACTED_AFTER_MS)} if self.compacted else {"retention.ms": KEEP}
        return {"cleanup.policy": policy, "max.message.bytes": str(self.max_message_bytes), **kept}


def graph_topic(graph: str = "") -> str:
    """The changelog's topic of a graph; the live one has the empty name."""
    return f"{GRAPH}.{graph}" if graph else GRAPH


def alerts_topic(graph: str = "") -> str:
    """The topic of the alerts that go with a graph; a replay has its own, so that it disturbs no reviewer."""
    return f"{ALERTS}.{graph}" if graph else ALERTS


def consumer_group(job: str, graph: str = "") -> str:
    """The group under which a job commits what its checkpoints cover; the applier reads it."""
    return f"wiregraph-{job}.{graph}" if graph else f"wiregraph-{job}"


def graph_spec(graph: str = "") -> TopicSpec:
    """How the changelog of a graph is created."""
    return TopicSpec(graph_topic(graph), partitions=4, compacted=True)


def alerts_spec(graph: str = "") -> TopicSpec:
    """How the topic of a graph's alerts is created."""
    return TopicSpec(alerts_topic(graph), partitions=4, compacted=True)


ALL = (
    TopicSpec(NEWS, 4),
    TopicSpec(POSTS, 4),
    TopicSpec(CLICKS, 4),
    TopicSpec(CONTROL, 1, compacted=True),
    graph_spec(),
    alerts_spec(),
    TopicSpec(LABELS, 4, compacted=True),
    TopicSpec(DEAD_LETTERS, 1),
    TopicSpec(LATE, 1),
    TopicSpec(MODEL_HEALTH, 1),
)
