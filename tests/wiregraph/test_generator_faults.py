import pytest

from udfs.decode import Reason, Refused, decode
from wiregraph.generator_faults import FAULTS, Fault, fault_value, topics_of

TIME_MS = 1_767_623_400_000


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_is_refused_for_its_reason_wherever_it_is_one(fault: Fault) -> None:
    for topic in topics_of(fault):
        found = decode(topic, fault_value(fault, topic, "id-1", TIME_MS), TIME_MS)
        assert isinstance(found, Refused), topic
        assert found.reason is fault.reason, topic


def test_there_is_a_fault_for_every_reason() -> None:
    assert {fault.reason for fault in FAULTS} == set(Reason)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
