import threading

import pytest

from serving.limits import Refusals, Streams
from serving.settings import Limits


def test_streams_are_counted_by_client_and_in_all() -> None:
    streams = Streams(3, 2)
    assert [streams.refusal("a") for _ in range(2)] == ["", ""]
    assert "of this client" in streams.refusal("a")
    assert streams.refusal("b") == ""
    assert "3 streams are open" in streams.refusal("b")
    streams.close("a")
    assert streams.refusal("b") == ""
    for client in ("a", "b", "b"):
        streams.close(client)
    assert [streams.refusal("c") for _ in range(2)] == ["", ""]


def test_who_is_refused_too_often_waits_until_the_next_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    now = [7.0]
    monkeypatch.setattr("serving.limits.time.sleep", slept.append)
    monkeypatch.setattr("serving.limits.time.monotonic", lambda: now[0])
    refusals = Refusals(Limits(refusals_per_s_max=3, refusal_pause_s=0.5))
    for _ in range(5):
        refusals.wait("a")
    refusals.wait("b")
    assert slept == [0.5, 0.5]
    now[0] = 8.0
    refusals.wait("a")
    assert slept == [0.5, 0.5]


def test_only_so_many_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here, go = threading.Barrier(3), threading.Event()

    def sleep(_seconds: float) -> None:
        here.wait(10)
        go.wait(10)

    monkeypatch.setattr("serving.limits.time.sleep", sleep)
    refusals = Refusals(Limits(refusals_per_s_max=0, refusals_waiting_max=2))
    threads = [threading.Thread(target=refusals.wait, args=("a",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    here.wait(10)
    refusals.wait("a")  # A third place would stand at the barrier for ever.
    go.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
