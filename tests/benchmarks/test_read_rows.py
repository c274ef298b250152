"""Rows of the feed: what the applier takes, and sums that go on."""

from random import Random

from benchmarks.read_rows import Articles, node_row, record
from serving.rows import parse_upsert
from udfs.changelog import BucketRow, FactRow


def test_every_row_can_be_applied_and_sums_go_on() -> None:
    articles = Articles([0.5, 0.8, 1.0], Random(3))
    rows = [row for minute in range(40) for row in articles.rows(60_000 * minute)]
    upserts = [parse_upsert(*record(row)) for row in [*rows, node_row(1)]]
    assert [upsert.row for upsert in upserts] == [*rows, node_row(1)]
    facts = sum(isinstance(row, FactRow) for row in rows)
    last = {(row.entity, row.grain, row.start): row.version for row in rows if isinstance(row, BucketRow)}
    assert sum(version for (_, grain, _), version in last.items() if grain == "1d") == facts
