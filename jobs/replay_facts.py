"""A replay from facts: no models, no Python; a bounded job in Flink's batch mode over the live changelog.

    graph -> facts of the range, each once -+-> facts, nodes
                                            +-> buckets  (sums by entity and time)
                                            +-> edges    (sums by pair and time)

In batch mode every key is written once, with its final sums. An interrupted one begins anew: it takes about as long as
starting it. The products are those of `udfs.changelog` and `udfs.edges` in SQL; a test holds them together.
"""

from __future__ import annotations

from pyflink.table import StatementSet

from jobs import sinks, uids
from jobs.environment import table_environment
from jobs.replay_plan import ReplayPlan
from jobs.settings import JobSettings
from jobs.sources import client_options, span_options, with_options
from udfs.changelog import Grain, Kind
from udfs.edges import EDGE_ENTITIES_MAX
from udfs.records import MICRO
from udfs.topics import GRAPH

_CHANGELOG, _FACTS, _RANKED = "changelog", "kept_facts", "ranked_facts"
_FACT_COLUMNS = ", ".join(sinks.column_types(uids.FACTS))
_GRAINS = ", ".join(f"('{grain}', CAST({grain.length_ms} AS BIGINT))" for grain in Grain)
_BY_GRAIN = f"CROSS JOIN (VALUES {_GRAINS}) AS g(grain, length_ms)"
_START = "(event_time - MOD(event_time, g.length_ms))"


def rounded(numerator: str, denominator: int) -> str:
    """SQL for a quotient of whole numbers, half away from zero, as `udfs.changelog.product_micro` rounds."""
    return f"SIGN({numerator}) * ((2 * ABS({numerator}) + {denominator}) / {2 * denominator})"


def _key(kind: Kind, *entities: str) -> str:
    """SQL for a key of sums, made when they are: to group by numbers and names is quicker than by long texts."""
    named = ", '/', ".join(entities)
    return f"CONCAT('{kind}/', {named}, '/', grain, '/', CAST(`start` AS STRING))"


INSERTS = {
    uids.FACTS: f"""
SELECT `key`, entity, topic, article, event_time, known_time, known_assumed = 'true', mentions, first_position,
  sentiment, relevance, polarity, COALESCE(negative, 0), COALESCE(positive, 0), `models`, COALESCE(event_topic, ''),
  headline, source, url, COALESCE(signature, ''), CAST(1 AS BIGINT)
FROM {_FACTS}""",
    uids.BUCKETS: f"""
SELECT {_key(Kind.BUCKET, "entity")}, entity, grain, `start`,
  SUM(mentions), SUM(relevance), SUM(weighted), SUM(weighted_square),
  COUNT(*) FILTER (WHERE polarity > 0), COUNT(*) FILTER (WHERE polarity = 0),
  COUNT(*) FILTER (WHERE polarity < 0), COUNT(*)
FROM (
  SELECT entity, g.grain, {_START} AS `start`, mentions, relevance, polarity,
    {rounded("relevance * sentiment", MICRO)} AS weighted,
    {rounded("relevance * sentiment * sentiment", MICRO**2)} AS weighted_square
  FROM {_FACTS} {_BY_GRAIN}
)
GROUP BY entity, grain, `start`""",
    uids.EDGES: f"""
SELECT {_key(Kind.EDGE, "a", "b")}, a, b, grain, `start`,
  SUM(weight), SUM(weighted), COUNT(*)
FROM (
  SELECT a, b, g.grain, {_START} AS `start`, {rounded("relevances", MICRO)} AS weight,
    {rounded("relevances * sentiments", 2 * MICRO**2)} AS weighted
  FROM (
    SELECT l.event_time, l.entity AS a, r.entity AS b,
      l.relevance * r.relevance AS relevances, l.sentiment + r.sentiment AS sentiments
    FROM {_RANKED} AS l JOIN {_RANKED} AS r ON l.topic = r.topic AND l.article = r.article
    WHERE l.entity < r.entity
  ) {_BY_GRAIN}
)
GROUP BY a, b, grain, `start`""",
    uids.NODES: f"""
SELECT `key`, MAX(entity), MAX(name), MAX(type), MAX(sector), CAST(1 AS BIGINT)
FROM {_CHANGELOG} WHERE `key` LIKE '{Kind.NODE}/%' AND entity IN (SELECT entity FROM {_FACTS})
GROUP BY `key`""",
}
RANKED = f"""
SELECT * FROM (
  SELECT topic, article, event_time, entity, relevance, sentiment,
    ROW_NUMBER() OVER (PARTITION BY topic, article ORDER BY relevance DESC, entity) AS rank_in_article
  FROM {_FACTS}
)
WHERE rank_in_article <= {EDGE_ENTITIES_MAX}"""
"""The entities of each article that its edges join."""
COUNTS = f"""
SELECT `key`, topic, `partition`, articles, `empty`, duplicates, dead_letters, edges_cut,
  CAST(known_assumed AS BIGINT), late, latest_event, version
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `key` ORDER BY version DESC) AS place FROM {_CHANGELOG}
  WHERE `key` LIKE '{Kind.COUNT}/%'
)
WHERE place = 1"""
"""The counts are the live graph's, where the range holds all of it: facts do not say what was refused."""


def build(settings: JobSettings, plan: ReplayPlan) -> StatementSet:
    """The whole topology, ready to be executed or explained."""
    table = table_environment(settings, batch=True)
    table.execute_sql(_rows_table(settings, plan))
    table.execute_sql(f"CREATE TEMPORARY VIEW {_FACTS} AS {kept(plan)}")
    table.execute_sql(f"CREATE TEMPORARY VIEW {_RANKED} AS {RANKED}")
    statements = table.create_statement_set()
    for name, select in {**INSERTS, **({uids.COUNTS: COUNTS} if plan.counts else {})}.items():
        table.execute_sql(sinks.changelog_table(settings, name))
        statements.add_insert_sql(f"INSERT INTO `{name}` {select}")
    return statements


def _rows_table(settings: JobSettings, plan: ReplayPlan) -> str:
    """The live changelog, read once; rows of other kinds have nulls in columns that are not theirs."""
    options = {
        "connector": "kafka",
        "topic": GRAPH,
        "key.format": "raw",
        "key.fields": "key",
        "value.format": "json",
        # Rows of other kinds have columns of these names with values of other types.
        "value.json.ignore-parse-errors": "true",
        "value.fields-include": "EXCEPT_KEY",
        **span_options(plan.rows),
        **client_options(settings),
    }
    return f"""CREATE TEMPORARY TABLE `{_CHANGELOG}` (
  `key` STRING, {sinks.columns(uids.FACTS, uids.NODES, uids.COUNTS)}, `version` BIGINT, `offset` BIGINT METADATA VIRTUAL
) {with_options(options)}"""


def kept(plan: ReplayPlan) -> str:
    """Each fact once, however often it was written: the first, as the applier takes it."""
    topics = ", ".join(f"'{topic}'" for topic in plan.topics)
    return f"""SELECT * FROM (
  SELECT `key`, {_FACT_COLUMNS},
    ROW_NUMBER() OVER (PARTITION BY `key` ORDER BY `offset`) AS place
  FROM {_CHANGELOG}
  WHERE `key` LIKE '{Kind.FACT}/%' AND topic IN ({topics})
    AND event_time >= {plan.from_ms} AND event_time < {plan.to_ms}
)
WHERE place = 1"""
