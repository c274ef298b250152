"""The log of a key: chunks in Flink's state, each under the event time from which on it can be dropped.

They are compressed, since a checkpoint stops the operator until RocksDB has written what came since the last one.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import Any

from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import MapStateDescriptor

from jobs import uids

_QUICK = 1
"""The level of compression: a third of the size for less than a microsecond a click."""
_NUMBER_BITS = 15
"""Chunks of the same event time are told apart by so many bits; further ones count as a millisecond younger."""


def chunks_state(runtime_context: RuntimeContext) -> Any:  # noqa: ANN401 - Flink's state is untyped
    """The state of a log: pickled bytes, since Flink's own byte arrays come back as tuples in thread mode."""
    descriptor = MapStateDescriptor(uids.CHUNKS_STATE, Types.LONG(), Types.PICKLED_BYTE_ARRAY())
    return runtime_context.get_map_state(descriptor)


class Log:
    """The chunks of the current key, oldest first; their keys are remembered, so that state is read once."""

    def __init__(self, state: Any) -> None:  # noqa: ANN401 - as above
        self._state = state
        self._keys: deque[int] = deque()

    @property
    def latest_ms(self) -> int:
        """The event time of the newest chunk, 0 where there is none."""
        return self._keys[-1] >> _NUMBER_BITS if self._keys else 0

    def read(self) -> list[bytes]:
        """All chunks in the order in which they were appended."""
        chunks: list[tuple[int, bytes]] = sorted(self._state.items())
        self._keys = deque(key for key, _chunk in chunks)
        return [zlib.decompress(stored) for _key, stored in chunks]

    def append(self, latest_ms: int, chunk: bytes) -> None:
        """Append a chunk; `latest_ms`, the highest event time so far, never falls."""
        key = latest_ms << _NUMBER_BITS
        if self._keys and self._keys[-1] >= key:
            key = self._keys[-1] + 1
        self._keys.append(key)
        self._state.put(key, zlib.compress(chunk, _QUICK))

    def drop(self, before_ms: int) -> None:
        """Drop the chunks that were appended under an earlier event time."""
        while self._keys and self._keys[0] >> _NUMBER_BITS < before_ms:
            self._state.remove(self._keys.popleft())
