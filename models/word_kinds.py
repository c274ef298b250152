"""Word embeddings in a third of int8's room: a row in parts, each one of few kinds (product quantisation).

Jégou et al. 2011, with k-means that counts a row as often as texts hold its word. Word embeddings are frozen, so that
a model that is trained with such a table has nothing rounded when it is shipped.
"""

# Types are checked where scipy is not installed.
# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

Array = NDArray[np.float32]
PART = 3
"""Columns of one part."""
KINDS = 256
ROUNDS = 12
FLOOR = 0.5
"""What a word that no text holds counts."""
POWER = 0.5
"""A word counts as often as texts hold it, to this power: else the rare ones would be lost."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """A table (rows, width) as `codes`, uint8 (rows, parts), into `kinds`, float32 (parts, KINDS, PART)."""

    codes: NDArray[np.uint8]
    kinds: Array


def rounded(table: Array, counts: NDArray[np.int64]) -> Array:
    """Return a near table whose parts are of `KINDS` kinds each, for rows that are read `counts` times."""
    weights = (counts + FLOOR) ** POWER
    parts = np.split(table, table.shape[1] // PART, axis=1)
    return np.concatenate([_clustered(part, weights) for part in parts], axis=1)


def _clustered(rows: Array, weights: NDArray[np.float64]) -> Array:
    """Return the centre of each row (rows, PART) by k-means from rows drawn by their weights."""
    drawn = np.random.default_rng(0).choice(len(rows), KINDS, replace=False, p=weights / weights.sum())
    centres = rows[drawn].astype(np.float64)
    for _ in range(ROUNDS):
        _, near = KDTree(centres).query(rows)
        mass = np.bincount(near, weights, KINDS)
        sums = np.stack([np.bincount(near, weights * column, KINDS) for column in rows.T], axis=1)
        held = mass > 0
        centres[held] = sums[held] / mass[held, None]
    found: Array = centres.astype(np.float32)[KDTree(centres).query(rows)[1]]
    return found


def kinds_of(table: Array) -> Kinds | None:
    """Return a table by its kinds, or None if a part has more than `KINDS`."""
    codes = np.empty((len(table), table.shape[1] // PART), dtype=np.uint8)
    kinds = np.zeros((codes.shape[1], KINDS, PART), dtype=np.float32)
    for at in range(codes.shape[1]):
        found, places = np.unique(table[:, at * PART : (at + 1) * PART], axis=0, return_inverse=True)
        if len(found) > KINDS:
            return None
        codes[:, at], kinds[at, : len(found)] = places.reshape(-1), found
    return Kinds(codes, kinds)
