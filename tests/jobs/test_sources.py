"""Source tables: which topics, which group, and quoting that no setting breaks out of."""

from jobs.replay_plan import Span
from jobs.settings import parse_settings
from jobs.sources import articles_table, clicks_table, control_table, replayed_table, with_options
from udfs.topics import CLICK_FRAUD

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


def test_control_holds_nothing_back() -> None:
    settings = parse_settings([*REQUIRED, "--pseudonym-key=k"], CLICK_FRAUD)
    assert "`record_time` - INTERVAL '60' SECOND" in clicks_table(settings)
    assert "`record_time` + INTERVAL '1000' YEAR" in control_table(settings)
    assert "'properties.group.id' = 'wiregraph-click-fraud'" in clicks_table(settings)
    assert "'scan.watermark.idle-timeout' = '1 s'" in control_table(settings)


def test_a_replay_reads_the_offsets_of_its_plan() -> None:
    spans = [Span(topic="news", partition=0, start=3, end=7), Span(topic="news", partition=1, start=0, end=0)]
    table = replayed_table(parse_settings([*REQUIRED, "--graph=g"]), "articles_news", spans)
    assert "TABLE `articles_news`" in table
    assert "'scan.startup.specific-offsets' = 'partition:0,offset:3;partition:1,offset:0'" in table
    assert "'scan.bounded.specific-offsets' = 'partition:0,offset:7;partition:1,offset:0'" in table
    assert "'scan.startup.mode' = 'specific-offsets'" in table
