"""The click job: clicks in, alerts out, by rules that come while it runs.

    clicks -> batches by partition -> decide clicks -+-> alerts, dead letters, late
             (JVM, 2 ms of clock)     (Python thread) +-> matches by the batch -> decide across sessions -> alerts
    control -> rules, broadcast ---------^            (JVM, 100 ms of clock)   ^

A batch crosses into Python at once, since a hop costs as much as deciding about ten clicks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyflink.common import Types
from pyflink.datastream import DataStream
from pyflink.table import StatementSet, StreamTableEnvironment

from jobs import sinks, sources, uids
from jobs.across_operators import DecideAcross
from jobs.click_batches import BATCH_TYPE, RECORD_TYPE, packed
from jobs.click_operators import ClickSettings, DecideClicks
from jobs.click_rows import MATCHES, ROW_TYPE
from jobs.click_rules import RULES
from jobs.control import read_rules
from jobs.environment import run, table_environment
from jobs.keys import keyed
from jobs.match_batches import MATCHES_TYPE, gathered
from jobs.settings import JobSettings, parse_settings
from udfs import topics
from udfs.inference import ModelError
from udfs.inference.cascade import check_cascade
from udfs.pseudonyms import PseudonymKeyError, load_pseudonyms

RECORDS = f"SELECT `partition`, `offset`, record_time, `value` FROM {uids.CLICKS}"
CONTROL = f"SELECT `partition`, `offset`, `value` FROM {uids.CONTROL}"
_CONTROL = Types.ROW([Types.INT(), Types.LONG(), Types.PRIMITIVE_ARRAY(Types.BYTE())])

SINKS = (
    (uids.ALERTS, uids.DECISIONS),
    (uids.ALERTS, uids.RATES),
    (uids.DEAD_LETTERS, uids.DECISIONS),
    (uids.LATE, uids.DECISIONS),
)
"""What goes where: the rows of a view that name the sink."""


def build(settings: JobSettings, told: ClickSettings) -> StatementSet:
    """The whole topology, ready to be executed or explained."""
    table = table_environment(settings)
    _create_tables(table, settings)
    batches = packed(table.to_append_stream(table.sql_query(RECORDS), RECORD_TYPE))
    rules = table.to_append_stream(table.sql_query(CONTROL), _CONTROL).broadcast(RULES)
    decisions = keyed(batches, BATCH_TYPE).connect(rules).process(DecideClicks(told), ROW_TYPE)
    _named(table, decisions, uids.DECIDE_CLICKS, uids.DECISIONS)
    matches = keyed(gathered(decisions.get_side_output(MATCHES)), MATCHES_TYPE)
    rates = matches.connect(rules).process(DecideAcross(told.rules), ROW_TYPE)
    _named(table, rates, uids.DECIDE_ACROSS, uids.RATES)
    statements = table.create_statement_set()
    for sink, view in SINKS:
        statements.add_insert_sql(f"INSERT INTO `{sink}` SELECT `key`, `value` FROM `{view}` WHERE sink = '{sink}'")
    return statements


def _named(table: StreamTableEnvironment, stream: DataStream, uid: str, view: str) -> None:
    """Give an operator its uid and its rows a name in SQL; it keeps a thread of its own."""
    table.create_temporary_view(view, table.from_data_stream(stream.name(uid).uid(uid).disable_chaining()))


def _create_tables(table: StreamTableEnvironment, settings: JobSettings) -> None:
    table.execute_sql(sources.clicks_table(settings))
    table.execute_sql(sources.control_table(settings))
    table.execute_sql(sinks.rows_table(settings, uids.ALERTS, topics.alerts_topic(settings.graph)))
    table.execute_sql(sinks.rows_table(settings, uids.DEAD_LETTERS, topics.DEAD_LETTERS))
    table.execute_sql(sinks.rows_table(settings, uids.LATE, topics.LATE))


def main() -> None:
    """Runs the job until it is stopped."""
    settings = parse_settings(sys.argv[1:], topics.CLICK_FRAUD)
    try:
        # Here, and not in a worker alone, which Flink would start again and again.
        if settings.cascade:
            check_cascade(settings.models)
        key = settings.pseudonym_key or Path()
        load_pseudonyms(key)
        told = ClickSettings(key.absolute(), tuple(read_rules(settings)), settings.models, cascade=settings.cascade)
        run(build(settings, told), settings)
    except (ModelError, PseudonymKeyError, FileNotFoundError) as error:
        sys.exit(f"{settings.job_name}: {error}")


if __name__ == "__main__":
    main()
