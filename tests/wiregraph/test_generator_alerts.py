import pytest

from tests.wiregraph.streams import clicks, stream
from udfs.alerts import Alert, AlertState
from udfs.clicks import Click as EngineClick
from udfs.clicks import decode_click
from udfs.patterns import Partition
from udfs.rulebook import Rulebook
from wiregraph.generator import Size, generate
from wiregraph.generator_alerts import expected_alerts
from wiregraph.generator_records import TrueAlert


@pytest.mark.parametrize("seed", [3, 7, 40, 41, 42])
def test_alerts_are_those_of_the_rule(seed: int) -> None:
    made = generate(seed, Size(items=10, sessions=200))
    assert sorted(made.alerts, key=str) == sorted(expected_alerts(made.records), key=str)
    assert len(made.alerts) > 20


def test_alerts_are_those_of_the_engine() -> None:
    """Without any delay that is too long for a single partition: all of one stream's clicks are in it here."""
    partition = Partition(Rulebook.built_in())
    decoded = [decode_click(record.value, record.record_time_ms, str) for record in clicks()]
    sound = [click for click in decoded if isinstance(click, EngineClick)]
    assert len(sound) == len(decoded)
    standing: dict[str, Alert] = {}
    for click in sound:
        standing |= {alert.alert_id: alert for alert in partition.add([click]).alerts}
    found = [
        TrueAlert(alert.session_id, alert.evidence[-1], alert.evidence)
        for alert in standing.values()
        if alert.state is AlertState.OPEN
    ]
    assert sorted(found, key=str) == sorted(stream().alerts, key=str)


def test_a_part_of_the_stream_raises_a_part_of_the_alerts() -> None:
    records = stream().records
    half = expected_alerts(records[: len(records) // 2])
    assert 0 < len(half) < len(stream().alerts)
    assert len({alert.event_id for alert in half} - {alert.event_id for alert in stream().alerts}) == 0
