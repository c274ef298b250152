"""A graph of its own on the tests' broker, and its applier as a process."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from kafka import KafkaAdminClient, KafkaProducer

from serving.progress import Progress, ProgressError
from serving.store import GraphReader, StoreError
from tests.oracles.graph import Article, Said, changelog
from tests.oracles.strategies import BASE_MS, ENTITIES
from tests.serving.filling import fill_store
from udfs.records import MICRO
from udfs.topics import graph_spec, graph_topic
from wiregraph.dump import dump_lines
from wiregraph.topics_admin import create_missing


def some_articles(count: int) -> list[Article]:
    chance = random.Random(7)
    return [
        Article(
            f"a{number}",
            BASE_MS + chance.randrange(10**8),
            BASE_MS + number,
            tuple(
                Said(entity, chance.randrange(MICRO), chance.randrange(-MICRO, MICRO))
                for entity in chance.sample(ENTITIES, 3)
            ),
        )
        for number in range(count)
    ]


def until(happens: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class Graph:
    """A graph of its own on the shared broker, and the store that it is applied to."""

    def __init__(self, bootstrap: str, store: Path) -> None:
        self.bootstrap = bootstrap
        self.store = store
        self.name = f"t{uuid4().hex[:8]}"
        self.path = store / self.name
        self.create_topic()

    def create_topic(self) -> None:
        create_missing({"bootstrap_servers": self.bootstrap}, [graph_spec(self.name)])

    def replace_topic(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        admin.delete_topics([graph_topic(self.name)])
        until(lambda: graph_topic(self.name) not in admin.list_topics())
        admin.close()
        self.create_topic()

    def write(self, articles: Sequence[Article]) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5)
        for row in changelog(articles):
            record = row.record()
            producer.send(graph_topic(self.name), key=record.key, value=record.value)
        producer.flush()
        producer.close()

    def start(self, *further: str) -> subprocess.Popen[str]:
        """Its applier."""
        options = ["--bootstrap", self.bootstrap, "--store", str(self.store), "--graph", self.name, *further]
        command = [sys.executable, "-m", "serving.applier", *options]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    @contextmanager
    def applying(self, *further: str) -> Iterator[subprocess.Popen[str]]:
        process = self.start(*further)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def progress(self) -> Progress | None:
        try:
            with GraphReader(self.path) as reader:
                return reader.view().progress()
        except (StoreError, ProgressError):
            return None

    def applied(self) -> int:
        progress = self.progress()
        return sum(progress.offsets.values()) if progress else 0

    def dump_if_any(self) -> bytes:
        try:
            return self.dump()
        except StoreError:
            return b""

    def dump(self) -> bytes:
        with GraphReader(self.path) as reader:
            return b"".join(dump_lines(reader.view()))


def reference(tmp_path: Path, articles: Sequence[Article]) -> bytes:
    with GraphReader(fill_store(tmp_path / "reference", articles)) as reader:
        return b"".join(dump_lines(reader.view()))
