"""How long to wait before a call is repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double up to the longest, each a random part of that, so that clients do not come back as one."""

    first_s: float = 0.1
    longest_s: float = 2.0

    def waits(self) -> Iterator[float]:
        """In seconds, without end."""
        most_s = self.first_s
        while True:
            yield random.uniform(0.0, most_s)
            most_s = min(2 * most_s, self.longest_s)
