"""What the cascade learns from: attempts with their features and labels, split by when the labels are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.fraud_cases import attempts, is_reference
from models.fraud_visits import Case, week_start_ms
from udfs import session_features, session_sequence

LABEL_DELAY_MS = 7 * 86_400_000
"""So long after an attempt its label is known."""
VALIDATION_WEEK, TEST_WEEK = 4, 6

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Examples:
    """Attempts that no rule decides; all have one entry an attempt.

    `features` (attempts, features), `sequences` one each, `fraud` the labels, `time_ms` of the attempt, `session` its
    number, `kind` what was injected.
    """

    features: session_features.Floats
    sequences: tuple[session_sequence.Sequence32, ...]
    fraud: Flags
    time_ms: Integers
    session: Integers
    kind: tuple[str, ...]

    def __len__(self) -> int:
        """The number of attempts."""
        return len(self.kind)

    def where(self, marked: Flags) -> Examples:
        """Return the marked attempts."""
        places = np.flatnonzero(marked)
        return Examples(
            self.features[places],
            tuple(self.sequences[place] for place in places),
            self.fraud[places],
            self.time_ms[places],
            self.session[places],
            tuple(self.kind[place] for place in places),
        )

    def known_by(self, moment_ms: int) -> Examples:
        """Return what may be learnt from at a moment: attempts whose labels are known by then."""
        return self.where(self.time_ms + LABEL_DELAY_MS <= moment_ms)


@dataclass(frozen=True, slots=True)
class Weeks:
    """What is learnt from, what chooses and what measures."""

    known: Examples
    validation: Examples
    test: Examples


def examples(cases: Sequence[Case]) -> Examples:
    """Return the attempts that no rule decides, with their features at their own time."""
    rows = [
        (session_features.vector(window), session_sequence.sequence(window), case.is_fraud, at, number, case.kind)
        for number, case in enumerate(cases)
        for at, window in attempts(case.clicks)
        if not is_reference(window)
    ]
    vectors, sequences, fraud, times_ms, sessions, kinds = zip(*rows, strict=True)
    return Examples(
        np.stack(vectors),
        sequences,
        np.array(fraud, dtype=bool),
        np.array(times_ms, dtype=np.int64),
        np.array(sessions, dtype=np.int64),
        kinds,
    )


def split(made: Examples) -> Weeks:
    """Split by time: what is known when the validation week begins, that week, and the test week.

    Raises `ValueError` where the validation week is not known when the test week begins.
    """
    validation_ms, test_ms = week_start_ms(VALIDATION_WEEK), week_start_ms(TEST_WEEK)
    validation = made.where((made.time_ms >= validation_ms) & (made.time_ms < week_start_ms(VALIDATION_WEEK + 1)))
    if len(validation.known_by(test_ms)) < len(validation):
        raise ValueError("the validation week's labels are not known when the test week begins")
    return Weeks(made.known_by(validation_ms), validation, made.where(made.time_ms >= test_ms))
