from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs models/requirements.txt")

from models.word_kinds import KINDS, PART, kinds_of, rounded

TABLE = np.random.default_rng(1).normal(size=(2_000, 4 * PART)).astype(np.float32)
COUNTS = np.arange(2_000)[::-1] ** 2


def test_a_table_is_rebuilt_from_its_kinds_to_the_bit() -> None:
    table = rounded(TABLE, COUNTS)
    found = kinds_of(table)
    assert found is not None
    parts = [found.kinds[at][found.codes[:, at]] for at in range(len(found.kinds))]
    assert np.array_equal(np.concatenate(parts, axis=1), table)


def test_rounding_comes_near_and_nearest_for_what_is_read_often() -> None:
    missed = ((rounded(TABLE, COUNTS) - TABLE) ** 2).sum(axis=1)
    assert missed.mean() < 0.1 * (TABLE**2).sum(axis=1).mean()
    assert missed[:200].mean() < missed[-200:].mean()


def test_a_table_of_too_many_kinds_has_none() -> None:
    assert kinds_of(TABLE[: KINDS + 1]) is None
    assert kinds_of(TABLE[:KINDS]) is not None
