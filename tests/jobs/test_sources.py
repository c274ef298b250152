"""Source tables: which topics, which group, and quoting that no setting breaks out of."""

from jobs.settings import parse_settings
from jobs.sources import articles_table, with_options

REQUIRED = ["--bootstrap=h:1", "--state-dir=s", "--jars=j", "--log-dir=l"]


def test_quotes_are_doubled() -> None:
    assert with_options({"a": "it's"}) == "WITH (\n  'a' = 'it''s'\n)"


def test_the_live_job_reads_on() -> None:
    table = articles_table(parse_settings(REQUIRED), ["news", "posts"])
    assert "'topic' = 'news;posts'" in table
    assert "'properties.group.id' = 'wiregraph-news-graph'" in table
    assert "scan.bounded.mode" not in table


def test_a_bounded_job_of_a_named_graph_has_its_own_group() -> None:
    table = articles_table(parse_settings([*REQUIRED, "--graph=g", "--bounded"]), ["news"])
    assert "'properties.group.id' = 'wiregraph-news-graph.g'" in table
    assert "'scan.bounded.mode' = 'latest-offset'" in table
