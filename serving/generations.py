"""A bounded cache that a reader may look into without a lock."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Generations(Generic[KeyT, ValueT]):
    """Keeps what was used of late: when the young half is full, it becomes the old one, whose rest is forgotten.

    `young` may be read by any thread at any time; all methods are for who holds a lock.
    """

    def __init__(self, weight_max: int) -> None:
        self.young: dict[KeyT, ValueT] = {}
        self._old: dict[KeyT, ValueT] = {}
        self._weights: dict[KeyT, int] = {}
        self._old_weights: dict[KeyT, int] = {}
        self._weight = 0
        self._half = max(1, weight_max // 2)

    def use(self, key: KeyT) -> ValueT | None:
        """The value of a key, which is young again."""
        value = self.young.get(key)
        if value is None and key in self._old:
            value = self._old.pop(key)
            self.put(key, value, self._old_weights.pop(key))
        return value

    def peek(self, key: KeyT) -> ValueT | None:
        """The value of a key."""
        value = self.young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: KeyT, value: ValueT, weight: int = 1) -> None:
        """Keeps a value in place of any before; `weight` is its share of what may be held."""
        if self._weight >= self._half:
            self._old, self._old_weights = self.young, self._weights
            self.young, self._weights, self._weight = {}, {}, 0
        self._weight += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        self.young[key] = value

    def drop(self, key: KeyT) -> None:
        """Forgets a key."""
        if self.young.pop(key, None) is not None:
            self._weight -= self._weights.pop(key)
        if self._old.pop(key, None) is not None:
            del self._old_weights[key]

    def clear(self) -> None:
        """Forgets all."""
        self.young, self._old, self._weights, self._old_weights, self._weight = {}, {}, {}, {}, 0
