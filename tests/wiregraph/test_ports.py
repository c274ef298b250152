import socket
import threading
from collections.abc import Iterator

import pytest

from wiregraph import ports
from wiregraph.errors import Failure


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_asked_for_must_be_free(taken: int) -> None:
    with pytest.raises(Failure, match=f"port {taken} is already taken"):
        ports.choose(taken, 0)


def test_a_remembered_port_is_taken_again_where_it_is_free(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "RELEASE_S", 0.1)
    free = ports.choose(None, 0)
    assert ports.choose(None, free) == free
    assert ports.choose(None, taken) != taken
    assert ports.choose(None, free, taken=[free]) != free


def test_a_remembered_port_that_a_killed_server_still_holds_is_waited_for() -> None:
    server = socket.create_server((ports.HOST, 0))
    port = server.getsockname()[1]
    closing = threading.Timer(0.3, server.close)
    closing.start()
    assert ports.choose(None, port) == port
    closing.join()


def test_whether_somebody_listens(taken: int) -> None:
    assert ports.accepts(taken)
    assert not ports.accepts(ports.choose(None, 0))


def test_ports_are_none_that_the_system_gives_to_clients() -> None:
    assert ports.choose(None, 0) in ports.SERVER_PORTS


def test_no_free_port_is_one_clear_line(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "SERVER_PORTS", range(taken, taken + 1))
    with pytest.raises(Failure, match="is free"):
        ports.choose(None, 0)
