"""What a model is to the pure code: something that turns named arrays into one array, or into several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Runner(Protocol):
    """A model with one output; the same inputs give the same bits."""

    def __call__(self, inputs: Mapping[str, NDArray[np.generic]], /) -> NDArray[np.float32]:
        """Return the model's output for its inputs by name."""
        ...


class NamedRunner(Protocol):
    """A model with several outputs; the same inputs give the same bits."""

    def named(self, inputs: Mapping[str, NDArray[np.generic]], /) -> Mapping[str, NDArray[np.float32]]:
        """Return the model's outputs by name for its inputs by name."""
        ...
