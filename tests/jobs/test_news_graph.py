"""The topology's SQL: keys as the changelog spells them, one insert for each table."""

from jobs import sinks, uids
from jobs.news_graph import INSERTS
from udfs.changelog import Grain, Kind, fact_key


def test_every_table_is_written() -> None:
    assert set(INSERTS) == {*sinks.CHANGELOG_TABLES, uids.DEAD_LETTERS, uids.LATE}


def test_keys_begin_with_their_kind() -> None:
    kinds = dict(zip(sinks.CHANGELOG_TABLES, (Kind.FACT, Kind.BUCKET, Kind.EDGE, Kind.NODE, Kind.COUNT), strict=True))
    for name, kind in kinds.items():
        assert f"CONCAT('{kind}/'" in INSERTS[name]
    assert fact_key("e", "t", "a") == "fact/e/t/a"


def test_every_grain_is_summed() -> None:
    for grain in Grain:
        assert f"ROW('{grain}', {grain.length_ms})" in INSERTS[uids.BUCKETS]
        assert f"ROW('{grain}', {grain.length_ms})" in INSERTS[uids.EDGES]
