"""The applier as a process against a real broker: kills, restarts and replaced topics change nothing."""

import os
import signal
import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from serving.store import GraphWriter
from tests.oracles.graph import changelog
from tests.serving.following import Graph, reference, some_articles, until
from udfs.lateness import OUT_OF_ORDERNESS_MS
from udfs.topics import NEWS, NEWS_GRAPH, consumer_group

pytestmark = pytest.mark.jvm


@pytest.fixture
def graph(stack_broker: str, tmp_path: Path) -> Graph:
    return Graph(stack_broker, tmp_path / "store")


def test_kills_in_the_middle_change_nothing(graph: Graph, tmp_path: Path) -> None:
    articles = some_articles(400)
    rows = len(changelog(articles))
    killed_at = []
    process = graph.start()
    for part in range(4):
        graph.write(articles[: 100 * (part + 1)])  # Each time from the start, as a job without its state would.
        before = graph.applied()
        until(lambda: graph.applied() > before)  # noqa: B023 - called at once
        process.kill()
        process.communicate()
        killed_at.append(graph.applied())
        process = graph.start()
    sent = sum(len(changelog(articles[: 100 * (part + 1)])) for part in range(4))
    until(lambda: graph.applied() == sent)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()
    assert sent > rows
    assert min(killed_at) > 0
    assert graph.dump() == reference(tmp_path, articles)


def test_a_topic_created_anew_is_read_from_its_start(graph: Graph, tmp_path: Path) -> None:
    first, second = some_articles(30), some_articles(50)[30:]
    graph.write(first)
    with graph.applying():
        until(lambda: graph.applied() == len(changelog(first)))
        graph.replace_topic()
        graph.write(second)
        until(lambda: graph.applied() == len(changelog(second)))
        assert graph.dump() == reference(tmp_path, second)
    assert len(list(graph.store.glob("*.aside-*"))) == 1


def test_a_broken_store_is_built_again(graph: Graph, tmp_path: Path) -> None:
    articles = some_articles(50)
    graph.write(articles)
    with graph.applying():
        until(lambda: graph.applied() == len(changelog(articles)))
    with GraphWriter(graph.path) as writer:
        writer._db.flush()
    for table in graph.path.glob("*.sst"):
        os.truncate(table, 100)
    with graph.applying():
        until(lambda: graph.applied() == len(changelog(articles)))
        assert graph.dump() == reference(tmp_path, articles)


def test_a_second_applier_says_so_and_ends(graph: Graph) -> None:
    with graph.applying():
        until(lambda: graph.progress() is not None)
        second = graph.start()
        _, stderr = second.communicate(timeout=30)
        assert second.returncode == 1
        assert f"another applier writes {graph.path}" in stderr


def test_the_watermark_follows_the_committed_offsets(graph: Graph) -> None:
    """Not the records' arrival: only what a checkpoint has put into the changelog counts, up to the graph's end."""
    event_time_ms = int(time.time() * 1_000) - 10**6
    end_ms = event_time_ms + 1_500 - OUT_OF_ORDERNESS_MS
    partition = TopicPartition(NEWS, 3)
    producer = KafkaProducer(bootstrap_servers=graph.bootstrap)
    sent = [
        producer.send(NEWS, b"{}", partition=3, timestamp_ms=event_time_ms + 1_000 * number).get()
        for number in range(4)
    ]
    producer.close()
    with graph.applying("--until-ms", str(end_ms)):
        until(lambda: graph.progress() is not None)
        time.sleep(2)
        progress = graph.progress()
        assert progress is not None
        assert progress.watermark_ms is None
        job = KafkaConsumer(
            bootstrap_servers=graph.bootstrap, group_id=consumer_group(NEWS_GRAPH, graph.name), enable_auto_commit=False
        )
        ends = job.end_offsets([TopicPartition(NEWS, number) for number in range(3)])
        done = {tp: OffsetAndMetadata(end, "", -1) for tp, end in ends.items()}
        for record, moved in ((sent[0], 0), (sent[1], 1_000), (sent[2], 2_000)):
            job.commit({**done, partition: OffsetAndMetadata(record.offset + 1, "", -1)})
            expected = min(event_time_ms + moved - OUT_OF_ORDERNESS_MS, end_ms)
            until(lambda: _watermark(graph) == expected)  # noqa: B023 - called at once
        job.close()


def _watermark(graph: Graph) -> int | None:
    progress = graph.progress()
    return progress.watermark_ms if progress else None


def test_it_waits_for_a_broker(graph: Graph, tmp_path: Path) -> None:
    away = Graph.__new__(Graph)
    away.bootstrap, away.store, away.name = "127.0.0.1:1", tmp_path / "away", graph.name
    process = away.start()
    time.sleep(6)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "tries again" in stderr
