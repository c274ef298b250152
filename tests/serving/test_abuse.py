"""A server process with tokens that is abused in each way: it refuses, goes on answering, and stays small."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks import abuse
from benchmarks.abuse import Target
from serving.client import Client
from serving.scopes import Scope
from serving.settings import Limits, ServerSettings
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.guarded import TokenBox
from tests.serving.running import ARTICLES, T0
from wiregraph.ports import choose

ENTITIES = 1_000
IDS = [f"org:e{number}-{'x' * 400}" for number in range(ENTITIES)]
"""Long ones, so that all their scores are more than gRPC takes from a stream that nobody reads."""
MEMORY_MAX_BYTES = 200 * 1024 * 1024
"""So much more than before may be in use afterwards; allocators do not give all back at once."""
SETTINGS = ServerSettings("", Path(), 0, {})


class Abused:
    def __init__(self, directory: Path) -> None:
        self.box = TokenBox(directory / "tokens.json")
        self.target = Target(f"127.0.0.1:{choose(None, 0)}", self.box.add("bad", Scope))
        self.store = directory / "store"
        many = Article("many", T0, T0, tuple(Said(entity, 500_000, 0) for entity in IDS))
        fill_store(self.store / "live", [*ARTICLES, many])
        port = self.target.address.rpartition(":")[2]
        options = ["--store", str(self.store), "--port", port, "--bootstrap", "127.0.0.1:1"]
        command = [sys.executable, "-m", "serving.server", *options, "--tokens", str(self.box.path)]
        self.log = directory / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log)
        self.client = Client(self.target.address, self.box.add("good", Scope), deadline_s=60)

    def memory_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def close(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abused]:
    server = Abused(tmp_path_factory.mktemp("abused"))
    assert server.client.get("org:a").articles == 2
    yield server
    server.close()


@pytest.fixture
def abused(server: Abused) -> Iterator[Abused]:
    before, said = server.memory_bytes(), len(server.log.read_bytes())
    yield server
    assert server.client.get("org:a").articles == 2
    assert server.memory_bytes() - before < MEMORY_MAX_BYTES
    assert b"Traceback" not in server.log.read_bytes()[said:]


def test_malformed_requests(abused: Abused) -> None:
    assert abuse.malformed(abused.target) == {"INVALID_ARGUMENT": 1_000}


def test_oversize_messages(abused: Abused) -> None:
    assert abuse.oversize(abused.target, 20) == {"RESOURCE_EXHAUSTED": 20}


def test_gzip_bombs_are_not_opened(abused: Abused) -> None:
    before = abused.memory_bytes()
    assert abuse.gzip_bombs(abused.target, 2) == {"UNIMPLEMENTED": 2}
    assert abused.memory_bytes() - before < abuse.BOMB_BYTES / 2


def test_missing_deadlines(abused: Abused) -> None:
    assert abuse.without_deadlines(abused.target) == {"INVALID_ARGUMENT": 1_000}


def test_a_ping_flood_is_answered(abused: Abused) -> None:
    assert abuse.ping_flood(abused.target, 10, 500) == 10 * 500


def test_what_is_no_http_is_closed(abused: Abused) -> None:
    assert abuse.garbage(abused.target, 40) == 40


def test_ten_times_the_streams(abused: Abused) -> None:
    limit = Limits().streams_client_max
    assert limit < SETTINGS.streams_max
    codes = abuse.streams(abused.target, 10 * limit, ["org:a"])
    assert codes == {"OK": limit, "RESOURCE_EXHAUSTED": 9 * limit}


def test_watchers_that_never_read_hold_up_nobody_and_get_the_latest(abused: Abused) -> None:
    first, last = IDS[0], IDS[-1]
    with abuse.silent_watchers(abused.target, 2, IDS) as streams:
        for stream in streams:
            stream.initial_metadata()  # Comes with the first score.
        both = (Said(first, 500_000, 0), Said(last, 500_000, 0))
        articles = [*ARTICLES, Article("many", T0, T0, both)]
        for number in range(8):
            articles.append(Article(f"more{number}", T0, T0, both))
            fill_store(abused.store / "live", articles)
            newest = number + 2
            while abused.client.get(first).articles != newest:
                time.sleep(0.01)
        seen: dict[str, list[int]] = {first: [], last: []}
        for score in streams[0]:
            seen.setdefault(score.entity_id, []).append(score.articles)
            if all(newest in seen[entity] for entity in (first, last)):
                break
    # The network holds a part of the first round, so nothing of the last entity was sent while nobody read.
    assert seen[first] == [1, newest]
    assert seen[last] == [newest]


def test_a_stranger_gets_nothing(abused: Abused) -> None:
    stranger = Target(abused.target.address, "wiregraph.bad.x")
    assert abuse.malformed(stranger, 200) == {"UNAUTHENTICATED": 200}
    assert abuse.streams(stranger, 50, ["org:a"]) == {"UNAUTHENTICATED": 50}
