"""The simulation can fail: it finds each applier that is broken on purpose, and each fault that nobody saw."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from tests.faults.simulation.faults import Fault
from tests.faults.simulation.mutants import MUTANTS
from tests.faults.simulation.run import Runner, running
from tests.faults.simulation.world import World

SEEDS_MAX = 600


def first_failure(runner: Runner) -> str:
    outcomes = (runner.run(seed) for seed in range(SEEDS_MAX))
    return next((outcome.error for outcome in outcomes if outcome.error), "")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_broken_applier_is_found(mutant: Callable[[], AbstractContextManager[object]]) -> None:
    with running() as runner, mutant():
        error = first_failure(runner)
    assert error
    assert not error.startswith("InvalidRunError")


def test_a_fault_that_nobody_saw_makes_the_run_invalid() -> None:
    def swallow(world: World, fault: Fault) -> None:
        world.faults.inject(fault)

    with running() as runner, patch.object(World, "_kill", swallow):
        assert first_failure(runner).startswith("InvalidRunError: applier killed")
