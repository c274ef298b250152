"""The news job: articles and posts in, the changelog of the knowledge graph out.

    news, posts -> key by partition -> read article -> readings -+-> facts, nodes
                                       (Python worker)           +-> buckets  (sums by entity and time)
                                                                 +-> edges    (sums by pair and time)
                                                                 +-> counts   (outcomes by partition)
                                                                 +-> dead letters, late

The readings pass through a DataStream, so the models run once an article, whatever reads them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from pyflink.common import Types
from pyflink.table import StatementSet, StreamTableEnvironment

from jobs import sinks, sources, uids
from jobs.environment import run, table_environment
from jobs.keys import key_expression, keyed
from jobs.operators import READING_TYPE, ReadArticle
from jobs.settings import JobSettings, parse_settings
from udfs.changelog import Grain
from udfs.inference import ModelError, check_models
from udfs.topics import NEWS, POSTS

_GRAINS = ", ".join(f"ROW('{grain}', {grain.length_ms})" for grain in Grain)
# As a column, since the planner makes a join with state of an UNNEST over a constant.
_READINGS = f"(SELECT *, ARRAY[{_GRAINS}] AS grains FROM {uids.READINGS}) AS r"
_FACTS = f"{_READINGS} CROSS JOIN UNNEST(r.facts) AS f"
_EDGES = f"{_READINGS} CROSS JOIN UNNEST(r.edges) AS e"
_BY_GRAIN = "CROSS JOIN UNNEST(r.grains) AS g(grain, length_ms)"
_START = "(r.event_time - MOD(r.event_time, g.length_ms))"

# Sums are grouped by the key alone: with a key made behind the sum, Flink would not know that it never
# changes, and write a tombstone before each update.
INSERTS = {
    uids.FACTS: f"""
SELECT CONCAT('fact/', f.entity, '/', r.topic, '/', r.article), f.entity, r.topic, r.article, r.event_time,
  r.known_time, r.known_assumed, f.mentions, f.first_position, f.sentiment, f.relevance, f.polarity,
  f.negative, f.positive, r.`models`, r.event_topic, r.headline, r.source, r.url, r.signature, CAST(1 AS BIGINT)
FROM {_FACTS}""",
    uids.BUCKETS: f"""
SELECT `key`, MAX(entity), MAX(grain), MAX(`start`),
  SUM(mentions), SUM(relevance), SUM(weighted), SUM(weighted_square),
  COUNT(*) FILTER (WHERE polarity > 0), COUNT(*) FILTER (WHERE polarity = 0),
  COUNT(*) FILTER (WHERE polarity < 0), COUNT(*)
FROM (
  SELECT CONCAT('bucket/', f.entity, '/', g.grain, '/', CAST({_START} AS STRING)) AS `key`,
    f.*, g.grain, {_START} AS `start`
  FROM {_FACTS} {_BY_GRAIN}
)
GROUP BY `key`""",
    uids.EDGES: f"""
SELECT `key`, MAX(a), MAX(b), MAX(grain), MAX(`start`), SUM(weight), SUM(weighted), COUNT(*)
FROM (
  SELECT CONCAT('edge/', e.a, '/', e.b, '/', g.grain, '/', CAST({_START} AS STRING)) AS `key`,
    e.*, g.grain, {_START} AS `start`
  FROM {_EDGES} {_BY_GRAIN}
)
GROUP BY `key`""",
    uids.NODES: f"""
SELECT `key`, MAX(entity), MAX(name), MAX(type), MAX(sector), CAST(1 AS BIGINT)
FROM (SELECT CONCAT('node/', f.entity) AS `key`, f.entity, f.name, f.type, f.sector FROM {_FACTS})
GROUP BY `key`""",
    uids.COUNTS: f"""
SELECT `key`, MAX(topic), MAX(`partition`),
  COUNT(*) FILTER (WHERE outcome = 'article'), COUNT(*) FILTER (WHERE outcome = 'empty'),
  COUNT(*) FILTER (WHERE outcome = 'duplicate'), COUNT(*) FILTER (WHERE outcome = 'dead_letter'),
  SUM(edges_cut), COUNT(*) FILTER (WHERE known_assumed AND outcome = 'article'),
  COUNT(*) FILTER (WHERE lateness_ms > 0), MAX(COALESCE(event_time, 0)), COUNT(*)
FROM (SELECT CONCAT('count/', topic, '/', CAST(`partition` AS STRING)) AS `key`, * FROM {uids.READINGS})
GROUP BY `key`""",
    uids.DEAD_LETTERS: f"""
SELECT CONCAT(topic, '/', CAST(`partition` AS STRING), '/', CAST(`offset` AS STRING)), topic, `partition`, `offset`,
  reason, detail, payload_sha256, payload
FROM {uids.READINGS} WHERE outcome = 'dead_letter'""",
    uids.LATE: f"""
SELECT CONCAT(topic, '/', CAST(`partition` AS STRING), '/', CAST(`offset` AS STRING)), topic, `partition`, `offset`,
  article, event_time, lateness_ms
FROM {uids.READINGS} WHERE lateness_ms > 0""",
}


# The key stands first, as `keyed` expects. The record's time travels in the record, since a stream made
# with types of our own does not carry it as its timestamp.
_KEYED = f"""SELECT {key_expression()} AS `key`, ROW(`value`, `topic`, `partition`, `offset`, record_time) AS record
FROM {uids.ARTICLES}"""
_RECORD = Types.ROW([Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.STRING(), Types.INT(), Types.LONG(), Types.INSTANT()])
_KEYED_TYPE = Types.ROW([Types.STRING(), _RECORD])


def build(settings: JobSettings) -> StatementSet:
    """The whole topology, ready to be executed or explained."""
    table = table_environment(settings)
    table.execute_sql(sources.articles_table(settings, [NEWS, POSTS]))
    return read_articles(table, settings, ReadArticle(settings.models), INSERTS)


def read_articles(
    table: StreamTableEnvironment, settings: JobSettings, reader: ReadArticle, inserts: Mapping[str, str]
) -> StatementSet:
    """From the table of articles on."""
    _create_sinks(table, settings)
    articles = table.to_append_stream(table.sql_query(_KEYED), _KEYED_TYPE)
    readings = (
        keyed(articles, _RECORD)
        .process(reader, READING_TYPE)
        .name(uids.READ_ARTICLE)
        .uid(uids.READ_ARTICLE)
        # In a thread of its own, so that the sums of one bundle are made while the models read the next.
        .disable_chaining()
    )
    table.create_temporary_view(uids.READINGS, table.from_data_stream(readings))
    statements = table.create_statement_set()
    for name, select in inserts.items():
        statements.add_insert_sql(f"INSERT INTO `{name}` {select}")
    return statements


def _create_sinks(table: StreamTableEnvironment, settings: JobSettings) -> None:
    for name in sinks.CHANGELOG_TABLES:
        table.execute_sql(sinks.changelog_table(settings, name))
    table.execute_sql(sinks.dead_letters_table(settings))
    table.execute_sql(sinks.late_table(settings))


def main() -> None:
    """Runs the job until it is stopped, or to the end of a bounded input."""
    settings = parse_settings(sys.argv[1:])
    try:
        # Here, and not in a worker alone, which Flink would start again and again.
        check_models(settings.models)
        run(build(settings), settings)
    except (ModelError, FileNotFoundError) as error:
        sys.exit(f"{settings.job_name}: {error}")


if __name__ == "__main__":
    main()
