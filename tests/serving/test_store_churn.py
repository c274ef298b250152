"""Readers beside a writer whose files come and go, and which is killed: nothing is missing of what a reader shows."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from serving.store import GraphReader
from tests.serving.churning import ROWS, batch_key

KILLS = int(os.environ.get("WIREGRAPH_KILLS", "3"))


def check(reader: GraphReader, before: int) -> int:
    """The newest batches are all there; gives the number of the latest one."""
    view = reader.view()
    latest = view.progress().offsets[0]
    assert latest >= before
    for number in range(max(1, latest - 1_500), latest + 1):
        stored = view.get(batch_key(number, number % ROWS))
        assert stored is not None, (number, latest)
        assert int(stored.split()[0]) >= number, (number, latest)
    return latest


def test_a_reader_shows_all_writes_up_to_the_last_one(tmp_path: Path) -> None:
    chance = random.Random(4)
    latest = 0
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.serving.churning", str(tmp_path / "g")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            try:
                assert writer.stdout is not None
                assert int(writer.stdout.readline()) >= latest
                until = time.monotonic() + chance.uniform(1, 3)
                while time.monotonic() < until:
                    with GraphReader(tmp_path / "g") as reader:
                        latest = check(reader, latest)
                        for _ in range(3):
                            reader.catch_up()
                            latest = check(reader, latest)
            finally:
                writer.kill()
    assert latest > 100
