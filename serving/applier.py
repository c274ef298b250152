"""The only writer of a graph store: `python -m serving.applier --bootstrap H:P --store DIR --graph NAME`.

It follows the graph's changelog for as long as it lives. A broker that is away is waited for; a
store that is broken, or was built from another topic, is moved aside and built again.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from kafka.errors import KafkaError

from serving.apply import apply_poll
from serving.changelog_consumer import (
    Changelog,
    ChangelogConsumer,
    ChangelogMissingError,
    ChangelogReplacedError,
    describe,
)
from serving.prober import Prober, source_key
from serving.process import prepare
from serving.progress import Progress, ProgressError, later, reached, watermark
from serving.settings import INPUT_TOPICS, ApplierSettings
from serving.store import GraphWriter, StoreBusyError, StoreError, StoreLockedError, graph_directory, move_aside
from udfs.kafka_properties import KafkaPropertiesError, python_options, read_properties
from udfs.topics import NEWS_GRAPH, consumer_group, graph_topic

log = logging.getLogger("applier")


@dataclass(frozen=True, slots=True)
class _Probe:
    """A watermark that holds once the changelog is applied up to `ends`."""

    watermark_ms: int | None
    ends: Mapping[int, int]
    source_latest: Mapping[str, int]


class _Session:
    """One connection to Kafka over one open store."""

    def __init__(self, settings: ApplierSettings, writer: GraphWriter, prober: Prober, changelog: Changelog) -> None:
        self._settings = settings
        self._writer = writer
        self._prober = prober
        self._changelog = changelog
        self._consumer = ChangelogConsumer(changelog, kafka_arguments(settings))
        self._progress = self._begin()
        self._consumer.seek(self._progress)
        self._probe: _Probe | None = None
        self._probe_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; raises `KafkaError`, `StoreError` or `ChangelogReplacedError`."""
        with self._consumer:
            log.info("follows %s into %s", self._changelog.topic, self._writer.path)
            while not stop.is_set():
                self._step()

    def _begin(self) -> Progress:
        stored = self._writer.progress()
        if stored is None:
            ends = self._consumer.end_offsets()
            return Progress(topic_id=self._changelog.topic_id, offsets={}, build_to=ends)
        if stored.topic_id != self._changelog.topic_id:
            raise ChangelogReplacedError(f"{self._changelog.topic} was created anew")
        return stored

    def _step(self) -> None:
        settings = self._settings
        poll = self._consumer.poll(settings.poll_timeout_ms, settings.poll_records_max)
        if poll.records or not self._progress.applied_at_ms:
            self._progress = apply_poll(self._writer, poll, self._progress, clock_ms()).progress
        if self._probe is None and time.monotonic() >= self._probe_at:
            self._probe = self._measure()
            self._probe_at = time.monotonic() + settings.probe_interval_s
        if self._probe is not None and reached(poll.offsets, self._probe.ends):
            self._settle(self._probe)
            self._probe = None

    def _measure(self) -> _Probe:
        if describe(self._prober.admin, self._changelog.topic) != self._changelog:
            raise ChangelogReplacedError(f"{self._changelog.topic} was created anew")
        partitions = self._prober.probe(self._progress.source_latest)
        known = {source_key(at.topic, at.partition): at.latest_ms for at in partitions if at.latest_ms is not None}
        if self._settings.graph:
            # A replay reads the topics it was given; the others' partitions are nothing to wait for.
            read = {at.topic for at in partitions if at.committed is not None}
            partitions = [at for at in partitions if at.topic in read]
        return _Probe(watermark(partitions), self._consumer.end_offsets(), known)

    def _settle(self, probe: _Probe) -> None:
        before = self._progress
        latest = {**before.source_latest, **probe.source_latest}
        after = replace(before, watermark_ms=later(before.watermark_ms, probe.watermark_ms), source_latest=latest)
        if after != before:
            self._progress = replace(after, applied_at_ms=clock_ms())
            self._writer.write((), (), self._progress)


def kafka_arguments(settings: ApplierSettings) -> dict[str, object]:
    """Those that all of the applier's clients share."""
    return {
        "bootstrap_servers": settings.bootstrap,
        "client_id": "wiregraph-applier",
        # SIGTERM is heard between calls, so none may take long while the broker is away.
        "bootstrap_timeout_ms": 5_000,
        "request_timeout_ms": 10_000,
        **settings.kafka,
    }


def clock_ms() -> int:
    """The machine's time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def follow(settings: ApplierSettings, stop: threading.Event) -> None:
    """Applies until told to stop; raises `StoreLockedError` if another applier writes the store."""
    path = graph_directory(settings.store, settings.graph)
    pause_s = settings.retry_s
    while not stop.is_set():
        try:
            _connect(settings, path, stop)
        except StoreLockedError:
            raise
        except (KafkaError, StoreBusyError, ChangelogMissingError) as error:
            log.warning("%s at %s: %s: tries again in %.0f s", type(error).__name__, settings.bootstrap, error, pause_s)
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, settings.retry_max_s)
        except (ChangelogReplacedError, ProgressError, StoreError) as error:
            aside = move_aside(path, clock_ms())
            log.warning("the store in %s is built again, the old one is in %s: %s", path, aside, error)
            stop.wait(settings.retry_s)
        else:
            pause_s = settings.retry_s


def _connect(settings: ApplierSettings, path: Path, stop: threading.Event) -> None:
    with GraphWriter(path) as writer:
        prober = Prober(consumer_group(NEWS_GRAPH, settings.graph), INPUT_TOPICS, kafka_arguments(settings))
        try:
            changelog = describe(prober.admin, graph_topic(settings.graph))
            _Session(settings, writer, prober, changelog).run(stop)
        finally:
            prober.close()


def main(
    bootstrap: Annotated[str, typer.Option(help="Kafka's HOST:PORT.")],
    store: Annotated[Path, typer.Option(help="The directory of all stores.")],
    graph: Annotated[str, typer.Option(help="A replayed graph's name; empty: the live one.")] = "",
    kafka_config: Annotated[Path | None, typer.Option(help="A Kafka client's properties file.")] = None,
) -> None:
    """Follow a graph's changelog into its store until SIGTERM."""
    stop = prepare()
    try:
        follow(ApplierSettings(bootstrap, store, graph, python_options(read_properties(kafka_config))), stop)
    except StoreLockedError:
        sys.exit(f"applier: another applier writes {graph_directory(store, graph)}: stop it first")
    except (KafkaPropertiesError, ValueError) as error:
        sys.exit(f"applier: {error}")


if __name__ == "__main__":
    typer.run(main)
