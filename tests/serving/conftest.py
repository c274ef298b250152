"""Servers that tests ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.filling import fill_store
from tests.serving.running import ARTICLES, Running, until


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.close()


@pytest.fixture
def running(empty: Running) -> Running:
    fill_store(empty.store / "live", ARTICLES)
    until(empty.serves)
    return empty
