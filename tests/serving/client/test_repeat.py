"""Calls that are repeated while a server process is killed, comes back, and ends in good order."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

import grpc
import pytest

from serving.client import Client, Score, UnavailableError
from serving.client.backoff import Backoff
from serving.client.repeat import LAST_S, Attempts
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, T0
from tests.serving.server_process import PATIENCE_S, Process
from wiregraph.ports import accepts
from wiregraph.v1 import graph_pb2

AWAY_S, SOON_S = 7.0, 6.0
"""By itself gRPC would look 10 s later."""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    fill_store(tmp_path / "live", ARTICLES)
    process = Process(tmp_path)
    yield process
    process.close()


class Away(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "away"


class Long(Backoff):
    def waits(self) -> Iterator[float]:
        return repeat(60.0)


def test_the_last_attempt_comes_shortly_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    attempt = next(Attempts(3.0, Long()).of(graph_pb2.GetStatusRequest()))
    assert attempt.wait_after(Away()) == pytest.approx(3.0 - LAST_S)
    now_s = 3.0 - LAST_S / 2
    with pytest.raises(UnavailableError):
        attempt.wait_after(Away())


@contextmanager
def asking(client: Client) -> Iterator[list[int]]:
    """Asks all the time; gives the answers, and fails with the first error."""
    answers: list[int] = []
    errors: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answers.append(client.get("org:a").articles)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
                errors.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        assert errors == []


def wait_for_more(answers: list[int]) -> None:
    wanted, deadline = len(answers) + 20, time.monotonic() + PATIENCE_S
    while len(answers) < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_call_fails_while_the_server_is_started_again(
    process: Process, tmp_path: Path, number: signal.Signals
) -> None:
    with Client(f"127.0.0.1:{process.port}", deadline_s=PATIENCE_S) as client:
        watched = client.watch(["org:a", "org:new"])
        assert next(watched).articles == 2
        with asking(client) as answers:
            wait_for_more(answers)
            code = process.end(number)
            assert code == (0 if number is signal.SIGTERM else -number)
            process.again()
            wait_for_more(answers)
        assert set(answers) == {2}
        found = next(watched)
        assert (found.entity_id, found.articles) == ("org:a", 2)  # Opened anew, it says all once more.
        fill_store(tmp_path / "live", [*ARTICLES, Article("new", T0, T0, (Said("org:new", 1, 1),))])
        newer: Score = next(watched)
        assert newer.entity_id == "org:new"


def test_a_server_that_was_away_is_found_soon(process: Process) -> None:
    with Client(f"127.0.0.1:{process.port}", deadline_s=PATIENCE_S) as client, asking(client) as answers:
        wait_for_more(answers)
        process.end(signal.SIGKILL)
        time.sleep(AWAY_S)
        process.again()
        while not accepts(process.port):
            time.sleep(0.05)
        back_s = time.monotonic()
        wait_for_more(answers)
        assert time.monotonic() - back_s < SOON_S
