"""Changes of a store that are not written yet, and the store as it will be with them."""

from __future__ import annotations

from collections.abc import Iterator

from serving.keyspace import Entry
from serving.store import GraphWriter


class Draft:
    """For a few rows that depend on each other; the many rows of a graph are written without it."""

    def __init__(self, writer: GraphWriter) -> None:
        self._writer = writer
        self._changes: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, None if there is none or will be none."""
        if key in self._changes:
            return self._changes[key]
        (value,) = self._writer.get_many([key])
        return value

    def keys(self, prefix: bytes) -> list[bytes]:
        """The keys that begin so, ascending."""
        return [key for key, _ in self.items(prefix)]

    def items(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Keys that begin so with their values, ascending."""
        found: dict[bytes, bytes | None] = dict(self._writer.view().scan_prefix(prefix))
        found |= {key: value for key, value in self._changes.items() if key.startswith(prefix)}
        return sorted((key, value) for key, value in found.items() if value is not None)

    def put(self, key: bytes, value: bytes) -> None:
        """Will hold this."""
        self._changes[key] = value

    def delete(self, key: bytes) -> None:
        """Will not be there."""
        self._changes[key] = None

    @property
    def puts(self) -> Iterator[Entry]:
        """What is to be written."""
        return (Entry(key, value) for key, value in self._changes.items() if value is not None)

    @property
    def deletes(self) -> list[bytes]:
        """What is to be taken away."""
        return [key for key, value in self._changes.items() if value is None]
