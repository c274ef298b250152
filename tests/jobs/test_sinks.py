"""Sink tables: their columns are the fields of the changelog's rows, which the applier parses."""

import re

import pytest

from jobs import sinks, uids
from jobs.settings import parse_settings
from udfs.changelog import BucketRow, CountRow, EdgeRow, FactRow, NodeRow, Row

REQUIRED = ["--bootstrap=h:1", "--state-dir=s", "--jars=j", "--log-dir=l"]
ROWS: dict[str, type[Row]] = {
    uids.FACTS: FactRow,
    uids.BUCKETS: BucketRow,
    uids.EDGES: EdgeRow,
    uids.NODES: NodeRow,
    uids.COUNTS: CountRow,
}


@pytest.mark.parametrize("name", sinks.CHANGELOG_TABLES)
def test_columns_are_the_fields_of_the_row(name: str) -> None:
    table = sinks.changelog_table(parse_settings(REQUIRED), name)
    columns = re.findall(r"`(\w+)` (?:STRING|BIGINT|INT|BOOLEAN)", table)
    assert columns == ["key", *ROWS[name].__dataclass_fields__]


def test_a_named_graph_has_a_topic_of_its_own() -> None:
    settings = parse_settings([*REQUIRED, "--graph=g"])
    assert "'topic' = 'graph.g'" in sinks.changelog_table(settings, uids.FACTS)
    assert "'topic' = 'dead-letters'" in sinks.dead_letters_table(settings)
    assert "'topic' = 'late'" in sinks.late_table(settings)
