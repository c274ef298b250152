"""The only writer of a graph store: `python -m serving.applier --bootstrap H:P --store DIR --graph NAME`.

It follows the graph's changelog, its alerts, the labels and the erasures for as long as it lives. A
broker that is away is waited for, a topic beside the changelog that does not exist is left out until it
does; a store that is broken, or was built from another topic, is moved aside and built again.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from kafka.errors import KafkaError

from serving.apply import Poll, apply_poll
from serving.broken import is_broken
from serving.changelog_consumer import (
    ChangelogConsumer,
    ChangelogMissingError,
    ChangelogReplacedError,
    Ends,
    Topics,
    describe,
)
from serving.checkpoints import answer_request
from serving.prober import Prober, source_key
from serving.process import prepare
from serving.progress import Followed, Progress, ProgressError, later, reached, watermark
from serving.recent import Recent
from serving.settings import INPUT_TOPICS, NO_END_MS, ApplierSettings
from serving.side import side_topics
from serving.store import (
    GraphWriter,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    graph_directory,
    move_aside,
)
from udfs.kafka_properties import KafkaPropertiesError, python_options, read_properties
from udfs.topics import CLICK_FRAUD, CLICKS, NEWS_GRAPH, consumer_group

log = logging.getLogger("applier")


@dataclass(frozen=True, slots=True)
class _Probe:
    """Watermarks that hold once everything is applied up to `ends`."""

    watermark_ms: int | None
    alerts_watermark_ms: int | None
    ends: Ends
    source_latest: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Probers:
    """Those of the news job's inputs and of the click job's."""

    news: Prober
    clicks: Prober

    def close(self) -> None:
        self.news.close()
        self.clicks.close()


class TopicsChangedError(Exception):
    """A topic beside the changelog came or went."""


class _Session:
    """One connection to Kafka over one open store."""

    def __init__(self, settings: ApplierSettings, writer: GraphWriter, probers: _Probers, topics: Topics) -> None:
        self._settings = settings
        self._writer = writer
        self._probers = probers
        self._topics = topics
        self._consumer = ChangelogConsumer(topics, side_topics(settings.graph), kafka_arguments(settings))
        self._progress = self._begin()
        self._consumer.seek(self._progress)
        self._probing: Future[_Probe] | None = None
        self._probe_at = 0.0
        self._recent = Recent()
        self._lengthened = False

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; raises `KafkaError`, `StoreError`, `ChangelogReplacedError` or `TopicsChangedError`."""
        with self._consumer, ThreadPoolExecutor(1, "prober") as prober:
            log.info("follows %s into %s", ", ".join(one.topic for one in self._topics.all), self._writer.path)
            while not stop.is_set():
                self._step(prober)

    def _begin(self) -> Progress:
        """Where the store is; topics that it has not followed yet must be read to their ends before it is served."""
        changelog = self._topics.changelog
        ends = self._consumer.ends()
        stored = self._writer.progress()
        if stored is None:
            stored = Progress(topic_id=changelog.topic_id, offsets={}, build_to=ends.changelog)
        fresh = {one.topic: Followed(one.topic_id, {}, ends.side[one.topic]) for one in self._topics.side}
        side = {**fresh, **stored.side}
        replaced = [one.topic for one in self._topics.side if side[one.topic].topic_id != one.topic_id]
        if stored.topic_id != changelog.topic_id:
            replaced.append(changelog.topic)
        if replaced:
            raise ChangelogReplacedError(f"{', '.join(replaced)} was created anew")
        return replace(stored, side=side)

    def _step(self, prober: Executor) -> None:
        settings = self._settings
        answer_request(self._writer)
        poll = self._consumer.poll(settings.poll_timeout_ms, settings.batch_max(self._consumer.waiting))
        if poll.count or not self._progress.applied_at_ms:
            self._progress = self._applied(poll)
        if self._probing is None and time.monotonic() >= self._probe_at:
            # A tenth of a second on a busy machine, in which rows should not wait.
            self._probing = prober.submit(self._measure, self._progress.source_latest)
        if self._probing is not None and self._probing.done() and _has_reached(poll, self._probing.result().ends):
            self._settle(self._probing.result())
            self._probing = None
            self._probe_at = time.monotonic() + settings.probe_interval_s

    def _applied(self, poll: Poll) -> Progress:
        return apply_poll(self._writer, poll, self._lengthen(poll), clock_ms(), self._recent).progress

    def _lengthen(self, poll: Poll) -> Progress:
        """A store that was begun anew must also hold what came while it was built, before it is served.

        Compaction may have taken records before they were read, whose successors lie behind `build_to`.
        """
        progress = self._progress
        if self._lengthened or progress.ready:
            return progress
        offsets = {**progress.offsets, **poll.offsets}
        if not replace(progress, offsets=offsets, side=progress.moved_side(poll.side_offsets)).ready:
            return progress
        self._lengthened = True
        ends = self._consumer.ends()
        side = {topic: replace(one, build_to=ends.side.get(topic, {})) for topic, one in progress.side.items()}
        return replace(progress, build_to=ends.changelog, side=side)

    def _measure(self, known: Mapping[str, int]) -> _Probe:
        """In a thread of its own, which nobody else asks the probers from."""
        self._check_topics()
        if is_broken(self._writer.path, self._writer.identity):
            raise StoreCorruptError("a reader found it broken")
        news, clicks = self._probers.news.probe(known), self._probers.clicks.probe(known)
        latest = {
            source_key(at.topic, at.partition): at.latest_ms for at in (*news, *clicks) if at.latest_ms is not None
        }
        if self._settings.graph:
            # A replay reads the topics it was given; the others' partitions are nothing to wait for.
            read = {at.topic for at in news if at.committed is not None}
            news = [at for at in news if at.topic in read]
        news_ms = watermark(news)
        if news_ms is not None:
            news_ms = min(news_ms, self._settings.until_ms)
        return _Probe(news_ms, watermark(clicks), self._consumer.ends(self._probers.news), latest)

    def _check_topics(self) -> None:
        now = describe(self._probers.news.admin, self._settings.graph)
        if now.changelog != self._topics.changelog:
            raise ChangelogReplacedError(f"{now.changelog.topic} was created anew")
        if now.side != self._topics.side:
            raise TopicsChangedError("topics beside the changelog came, went or were created anew")

    def _settle(self, probe: _Probe) -> None:
        before = self._progress
        after = replace(
            before,
            watermark_ms=later(before.watermark_ms, probe.watermark_ms),
            alerts_watermark_ms=later(before.alerts_watermark_ms, probe.alerts_watermark_ms),
            source_latest={**before.source_latest, **probe.source_latest},
        )
        if after != before:
            self._progress = replace(after, applied_at_ms=clock_ms())
            self._writer.write((), (), self._progress)


def _has_reached(poll: Poll, ends: Ends) -> bool:
    side = all(reached(poll.side_offsets.get(topic, {}), targets) for topic, targets in ends.side.items())
    return side and reached(poll.offsets, ends.changelog)


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
        except TopicsChangedError as error:
            log.info("%s: looks at them again", error)
        except (ChangelogReplacedError, ProgressError, StoreError) as error:
            aside = move_aside(path, clock_ms())
            log.warning("the store in %s is built again, the old one is in %s: %s", path, aside, error)
            stop.wait(settings.retry_s)
        else:
            pause_s = settings.retry_s


def _connect(settings: ApplierSettings, path: Path, stop: threading.Event) -> None:
    with GraphWriter(path) as writer, closing(_probers(settings)) as probers:
        topics = describe(probers.news.admin, settings.graph)
        _Session(settings, writer, probers, topics).run(stop)


def _probers(settings: ApplierSettings) -> _Probers:
    kafka = kafka_arguments(settings)
    news = Prober(consumer_group(NEWS_GRAPH, settings.graph), INPUT_TOPICS, kafka)
    try:
        return _Probers(news, Prober(consumer_group(CLICK_FRAUD, settings.graph), (CLICKS,), kafka))
    except KafkaError:
        news.close()
        raise


def main(
    bootstrap: Annotated[str, typer.Option(help="Kafka's HOST:PORT.")],
    store: Annotated[Path, typer.Option(help="The directory of all stores.")],
    graph: Annotated[str, typer.Option(help="A replayed graph's name; empty: the live one.")] = "",
    kafka_config: Annotated[Path | None, typer.Option(help="A Kafka client's properties file.")] = None,
    until_ms: Annotated[int, typer.Option(help="Epoch ms at which a replayed graph ends.")] = NO_END_MS,
) -> None:
    """Follow a graph's changelog into its store until SIGTERM."""
    stop = prepare()
    try:
        kafka = python_options(read_properties(kafka_config))
        follow(ApplierSettings(bootstrap, store, graph, kafka, until_ms), stop)
    except StoreLockedError:
        sys.exit(f"applier: another applier writes {graph_directory(store, graph)}: stop it first")
    except (KafkaPropertiesError, ValueError) as error:
        sys.exit(f"applier: {error}")


if __name__ == "__main__":
    typer.run(main)
