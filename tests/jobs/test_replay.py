"""What a replay writes: its own graph's changelog, and nothing that the live job has written already."""

from jobs import replay, replay_facts, sinks, uids
from jobs.replay_plan import ReplayPlan
from udfs.changelog import Grain
from udfs.edges import EDGE_ENTITIES_MAX

PLAN = ReplayPlan(graph="g", topics=("news",), from_ms=10, to_ms=20)


def test_refused_and_late_records_are_not_written_again() -> None:
    assert set(replay.INSERTS) == set(sinks.CHANGELOG_TABLES)


def test_facts_alone_give_everything_but_counts() -> None:
    assert {*replay_facts.INSERTS, uids.COUNTS} == set(sinks.CHANGELOG_TABLES)


def test_sums_of_facts_are_those_of_the_job() -> None:
    for grain in Grain:
        assert f"('{grain}', CAST({grain.length_ms} AS BIGINT))" in replay_facts.INSERTS[uids.BUCKETS]
        assert f"('{grain}', CAST({grain.length_ms} AS BIGINT))" in replay_facts.INSERTS[uids.EDGES]
    for name in (uids.BUCKETS, uids.EDGES):
        own, of_job = (_sums(inserts[name]) for inserts in (replay_facts.INSERTS, replay.INSERTS))
        assert own == of_job


def _sums(select: str) -> str:
    return " ".join(select[select.index("SUM(") : select.index("FROM")].split())


def test_facts_are_kept_by_topic_and_event_time() -> None:
    assert "topic IN ('news')" in replay_facts.kept(PLAN)
    assert "event_time >= 10 AND event_time < 20" in replay_facts.kept(PLAN)
    assert f"<= {EDGE_ENTITIES_MAX}" in replay_facts.RANKED


def test_columns_of_several_kinds_stand_once() -> None:
    columns = sinks.columns(uids.FACTS, uids.NODES)
    assert columns.count("`entity` STRING") == 1
    assert columns.endswith("`signature` STRING, `name` STRING, `type` STRING, `sector` STRING")


def test_a_column_of_another_type_in_each_kind_is_a_text() -> None:
    assert "`known_assumed` BOOLEAN" in sinks.columns(uids.FACTS)
    assert "`known_assumed` BIGINT" in sinks.columns(uids.COUNTS)
    assert "`known_assumed` STRING" in sinks.columns(uids.FACTS, uids.COUNTS)
