"""The tables that a job reads: bytes with their place in Kafka, decoding is Python's."""

from __future__ import annotations

from collections.abc import Sequence

from jobs import uids
from jobs.replay_plan import Span
from jobs.settings import JobSettings
from udfs.kafka_properties import BOOTSTRAP, read_properties
from udfs.lateness import OUT_OF_ORDERNESS_MS
from udfs.topics import CLICK_FRAUD, CLICKS, CONTROL, NEWS_GRAPH, consumer_group

FETCH_MS = 10
"""How long a click waits at the broker for company, at most."""
BEHIND = f"- INTERVAL '{OUT_OF_ORDERNESS_MS // 1000}' SECOND"
AHEAD = "+ INTERVAL '1000' YEAR(4)"
"""Where a watermark stands, seen from the records."""


def with_options(options: dict[str, str]) -> str:
    """The WITH clause of a table; quotes are doubled as SQL wants it."""
    lines = ",\n".join(f"  '{name}' = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in options.items())
    return f"WITH (\n{lines}\n)"


def client_options(settings: JobSettings) -> dict[str, str]:
    """How a table reaches Kafka: the address and what a secured cluster needs."""
    secured = {f"properties.{name}": value for name, value in read_properties(settings.kafka_config).items()}
    return {**secured, f"properties.{BOOTSTRAP}": settings.bootstrap}


def articles_table(settings: JobSettings, topics: Sequence[str]) -> str:
    """Raw records of the input topics; the record's timestamp drives the watermark, per partition."""
    return _articles(uids.ARTICLES, _raw_options(settings, topics, NEWS_GRAPH))


def replayed_table(settings: JobSettings, name: str, spans: Sequence[Span]) -> str:
    """The same of some offsets of one topic."""
    return _articles(name, {**_raw_options(settings, [spans[0].topic], NEWS_GRAPH), **span_options(spans)})


def span_options(spans: Sequence[Span]) -> dict[str, str]:
    """Reads these offsets of one topic's partitions and ends; a table with offsets knows one topic only."""
    starts, ends = (
        ";".join(f"partition:{span.partition},offset:{offset}" for span, offset in zip(spans, offsets, strict=True))
        for offsets in ([span.start for span in spans], [span.end for span in spans])
    )
    return {
        "scan.startup.mode": "specific-offsets",
        "scan.startup.specific-offsets": starts,
        "scan.bounded.mode": "specific-offsets",
        "scan.bounded.specific-offsets": ends,
    }


def _articles(name: str, raw: dict[str, str]) -> str:
    options = {
        **raw,
        # The client empties one partition's fetch before the next: with the default of 1 MiB packed, one would
        # run days of a wire ahead of another, and the watermark would wait for the slowest.
        "properties.max.partition.fetch.bytes": str(64 * 1024),
    }
    return _raw_table(name, options, BEHIND)


def clicks_table(settings: JobSettings) -> str:
    """Raw records of `clicks`; the record's timestamp drives the watermark, per partition."""
    options = {
        **_raw_options(settings, [CLICKS], CLICK_FRAUD),
        # What a broker sends at a time becomes a batch of each partition: it waits a little, and then sends all it has.
        "properties.fetch.max.wait.ms": str(FETCH_MS),
        "properties.fetch.min.bytes": str(256 * 1024),
        "properties.max.poll.records": "5000",
    }
    return _raw_table(uids.CLICKS, options, BEHIND)


def control_table(settings: JobSettings) -> str:
    """Records of `control`, from the first; its watermark is the end of time, so that it holds nothing back."""
    options = {**_raw_options(settings, [CONTROL], f"{CLICK_FRAUD}-{CONTROL}"), "scan.watermark.idle-timeout": "1 s"}
    return _raw_table(uids.CONTROL, options, AHEAD)


def _raw_table(name: str, options: dict[str, str], watermark: str) -> str:
    """Bytes with their place in Kafka; columns that no query names are not read."""
    return f"""CREATE TEMPORARY TABLE `{name}` (
  `value` BYTES,
  `topic` STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  `record_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR `record_time` AS `record_time` {watermark}
) {with_options(options)}"""


def _raw_options(settings: JobSettings, topics: Sequence[str], job: str) -> dict[str, str]:
    """Bytes from the first record on; a bounded job ends at the present end."""
    options = {
        "connector": "kafka",
        "topic": ";".join(topics),
        "format": "raw",
        "scan.startup.mode": "earliest-offset",
        "properties.group.id": consumer_group(job, settings.graph),
        **client_options(settings),
    }
    if settings.bounded:
        options["scan.bounded.mode"] = "latest-offset"
    return options
