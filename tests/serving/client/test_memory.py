from serving.client.memory import Memory
from wiregraph.v1 import fraud_pb2, graph_pb2


def least(memory: Memory, graph: str = "") -> str:
    request = graph_pb2.GetEntityRequest(graph=graph)
    memory.ask(request)
    return request.min_version


def saw(memory: Memory, version: str, graph: str = "") -> None:
    memory.keep(graph_pb2.GetEntityRequest(graph=graph), graph_pb2.EntityScore(version=version))


def test_the_newest_of_each_graph_is_asked_for() -> None:
    memory = Memory()
    assert least(memory) == ""
    saw(memory, "t:5.7")
    saw(memory, "t:4.8.1")  # Answers that cross: both were read, so both are asked for.
    assert least(memory) == "t:5.8.1"
    assert least(memory, "other") == ""
    saw(memory, "u:1")
    assert least(memory) == "u:1"
    memory.forget(graph_pb2.GetEntityRequest())
    assert least(memory) == ""


def test_what_has_no_version_is_left_alone() -> None:
    memory = Memory()
    memory.ask(fraud_pb2.GetAlertRequest())
    memory.keep(fraud_pb2.GetAlertRequest(), fraud_pb2.Alert(version=7))
    saw(memory, "")
    assert least(memory) == ""
