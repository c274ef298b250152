"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from wiregraph import stack_control
from wiregraph.stack import load_stack

# The machines are shared: how long a draw takes says nothing about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
# Workers of pytest-xdist are told a terminal's width, yet what commands print to a test goes to a pipe.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session")
def stack_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of a stack of which only the broker runs, its topics created; for the whole session.

    Topics are shared by all tests that use it: look at what came since, never at what there is.
    """
    directory = tmp_path_factory.mktemp("stack")
    try:
        stack_control.up(stack_control.Wish(directory, only_broker=True), print)
        yield directory
    finally:
        stack_control.down(directory, print)


@pytest.fixture(scope="session")
def stack_broker(stack_dir: Path) -> str:
    """Kafka's address, HOST:PORT, of the session's broker."""
    return load_stack(stack_dir).bootstrap
