"""The example as people run it, against a server over two days of generated news."""

import os
import subprocess
import sys
from pathlib import Path

from serving.server import Server
from serving.settings import ServerSettings
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import BASE_MS
from tests.serving.filling import fill_store

HOUR_MS = 3_600_000
HOURS = 48


def news(hour: int) -> Article:
    time_ms = BASE_MS + hour * HOUR_MS
    known_ms = time_ms + (20 * HOUR_MS if hour == HOURS - 20 else 0)  # One came late.
    said = (Said("org:acme", 500_000, 100_000 * (hour % 7 - 3)), Said("per:jane-doe", 200_000, 0))
    return Article(f"a{hour}", time_ms, known_ms, said)


def test_the_example_runs(tmp_path: Path) -> None:
    fill_store(tmp_path / "live", [news(hour) for hour in range(HOURS)])
    server = Server(ServerSettings("127.0.0.1:1", tmp_path, 0, {}))
    server.start()
    try:
        environment = {**os.environ, "WIREGRAPH_ADDRESS": f"127.0.0.1:{server.port}"}
        command = [sys.executable, "-m", "wiregraph.examples.analyst"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr
    assert "96 facts about 2 entities" in done.stdout
    assert "Jane Doe: 48 articles" in done.stdout
    assert "About org:acme" in done.stdout
    assert "org:acme at" in done.stdout
    assert "23 articles known, 24 in the end" in done.stdout
    assert "now: 24 articles in 24 hours" in done.stdout
