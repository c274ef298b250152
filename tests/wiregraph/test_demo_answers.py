"""The demo's questions to a real server in this process."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from serving.progress import Progress
from tests.oracles.alerts import make_alert
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events
from tests.serving.running import ARTICLES, Running, until
from wiregraph import demo_answers
from wiregraph.demo_answers import Answers, connect
from wiregraph.errors import Failure
from wiregraph.generator_records import Sign
from wiregraph.truth import ServedFact
from wiregraph.truth_alerts import ServedAlert


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    apply_events(tmp_path / "live", [make_alert(f"a{number}") for number in range(3)], Progress("topic", {}))
    fill_store(tmp_path / "live", ARTICLES)
    running = Running(tmp_path)
    until(running.serves)
    with connect(f"127.0.0.1:{running.server.port}") as made:
        yield made
    running.close()


def test_every_fact_is_served_once(answers: Answers) -> None:
    expected = {
        ServedFact("news", article.article_id, said.entity, Sign(said.polarity))
        for article in ARTICLES
        for said in article.said
    }
    assert answers.facts() == expected
    assert answers.progress().facts == len(expected)
    assert answers.progress().latest_event_ms == max(article.event_time for article in ARTICLES)


def test_the_largest_come_first_and_have_a_name(answers: Answers) -> None:
    first, *others = answers.top_of_all(2)
    assert (first.entity_id, first.articles, len(others)) == ("org:a", 2, 1)
    assert first.name
    assert answers.top(24, 9)[0].entity_id == "org:a"


def test_alerts_of_all_pages_and_the_latest_of_them(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.arguments.PAGE_MAX", 2)
    assert set(answers.alerts()) == {
        ServedAlert(one.alert_id, one.rule, one.session_id, "open", one.evidence)
        for one in (make_alert(f"a{number}") for number in range(3))
    }
    news = answers.alert_news(1)
    assert (news.total, [line.session_id for line in news.latest]) == (3, ["s-a2"])


def test_a_server_that_is_gone_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_answers, "DEADLINE_S", 0.2)
    with grpc.insecure_channel("127.0.0.1:1") as channel, pytest.raises(Failure, match="the server does not answer"):
        Answers(channel).progress()
