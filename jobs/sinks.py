"""The tables that jobs write: the changelog by kind, alerts, dead letters and late records."""

from __future__ import annotations

import re

from jobs import uids
from jobs.settings import JobSettings
from jobs.sources import client_options, with_options
from udfs import topics

_COLUMNS = {
    uids.FACTS: """`entity` STRING, `topic` STRING, `article` STRING, `event_time` BIGINT, `known_time` BIGINT,
  `known_assumed` BOOLEAN, `mentions` BIGINT, `first_position` BIGINT, `sentiment` BIGINT, `relevance` BIGINT,
  `polarity` INT, `negative` BIGINT, `positive` BIGINT, `models` STRING, `event_topic` STRING, `headline` STRING,
  `source` STRING, `url` STRING, `signature` STRING""",
    uids.BUCKETS: """`entity` STRING, `grain` STRING, `start` BIGINT, `mentions` BIGINT, `weight` BIGINT,
  `weighted` BIGINT, `weighted_square` BIGINT, `positive` BIGINT, `neutral` BIGINT, `negative` BIGINT""",
    uids.EDGES: """`a` STRING, `b` STRING, `grain` STRING, `start` BIGINT, `weight` BIGINT, `weighted` BIGINT""",
    uids.NODES: """`entity` STRING, `name` STRING, `type` STRING, `sector` STRING""",
    uids.COUNTS: """`topic` STRING, `partition` INT, `articles` BIGINT, `empty` BIGINT, `duplicates` BIGINT,
  `dead_letters` BIGINT, `edges_cut` BIGINT, `known_assumed` BIGINT, `late` BIGINT, `latest_event` BIGINT""",
}
CHANGELOG_TABLES = tuple(_COLUMNS)


def column_types(*names: str) -> dict[str, str]:
    """The columns of rows of these kinds in one table, with their types: a text where it is another in each kind."""
    types: dict[str, str] = {}
    for column in (column for name in names for column in re.split(r",\s*", _COLUMNS[name])):
        name, own = column.split(" ")
        types[name] = own if types.get(name, own) == own else "STRING"
    return types


def columns(*names: str) -> str:
    """The same as SQL declares them."""
    return ", ".join(f"{name} {own}" for name, own in column_types(*names).items())


def changelog_table(settings: JobSettings, name: str) -> str:
    """One kind of row of the changelog: keyed by `key`, at least once, each with its version."""
    options = {
        "connector": "upsert-kafka",
        "topic": topics.graph_topic(settings.graph),
        "key.format": "raw",
        "value.format": "json",
        "value.json.encode.decimal-as-plain-number": "true",
        "value.fields-include": "EXCEPT_KEY",
        **_producer_options(settings),
    }
    return f"""CREATE TEMPORARY TABLE `{name}` (
  `key` STRING, {_COLUMNS[name]},
  `version` BIGINT,
  PRIMARY KEY (`key`) NOT ENFORCED
) {with_options(options)}"""


def dead_letters_table(settings: JobSettings) -> str:
    """Refused records, keyed by where they lie: a repeat after a restart has the same key."""
    columns = """`topic` STRING, `partition` INT, `offset` BIGINT, `reason` STRING, `detail` STRING,
  `payload_sha256` STRING, `payload` STRING"""
    return _keyed_table(settings, uids.DEAD_LETTERS, topics.DEAD_LETTERS, columns)


def late_table(settings: JobSettings) -> str:
    """Late records, which count all the same, with how late they were in milliseconds."""
    columns = """`topic` STRING, `partition` INT, `offset` BIGINT, `article` STRING, `event_time` BIGINT,
  `lateness_ms` BIGINT"""
    return _keyed_table(settings, uids.LATE, topics.LATE, columns)


def _keyed_table(settings: JobSettings, name: str, topic: str, columns: str) -> str:
    options = {
        "connector": "kafka",
        "topic": topic,
        "key.format": "raw",
        "key.fields": "key",
        "value.format": "json",
        "value.fields-include": "EXCEPT_KEY",
        **_producer_options(settings),
    }
    return f"CREATE TEMPORARY TABLE `{name}` (\n  `key` STRING, {columns}\n) {with_options(options)}"


def rows_table(settings: JobSettings, name: str, topic: str) -> str:
    """Finished rows: a key and a value's bytes, at least once; a repeat after a restart has the same key."""
    options = {
        "connector": "kafka",
        "topic": topic,
        "key.format": "raw",
        "key.fields": "key",
        "value.format": "raw",
        "value.fields-include": "EXCEPT_KEY",
        **_producer_options(settings),
    }
    return f"CREATE TEMPORARY TABLE `{name}` (\n  `key` STRING, `value` BYTES\n) {with_options(options)}"


def _producer_options(settings: JobSettings) -> dict[str, str]:
    return {
        "sink.delivery-guarantee": "at-least-once",
        # A request for each alert would take the core from the clicks where a rule alerts hundreds of times a second.
        "properties.linger.ms": "5",
        "properties.max.request.size": str(8 * 1024 * 1024),
        **client_options(settings),
    }
