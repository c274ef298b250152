from tests.wiregraph.streams import stream
from udfs.topics import CLICKS, NEWS
from wiregraph.generator_records import Fate, StreamRecord


def test_the_alerts_of_a_stream_are_those_of_its_sessions() -> None:
    made = stream()
    assert sum(len(session.alerts) for session in made.sessions) == len(made.alerts) > 0
    assert {alert.session_id for alert in made.alerts} <= {session.session_id for session in made.sessions}


def test_the_news_job_reads_all_but_clicks() -> None:
    read = [StreamRecord(topic, None, None, 0, Fate.CLICK).is_read_by_news_job for topic in (NEWS, CLICKS)]
    assert read == [True, False]
