"""Matches on their way to where sessions meet: one hop into Python for what many batches of clicks found."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from pyflink.common import Types
from pyflink.datastream import DataStream

from jobs import uids
from jobs.click_rows import MATCHES_TYPE
from jobs.java_operators import through
from udfs.batch_tier import unpack_matches
from udfs.patterns_records import Match

MATCHES_MS = 100
"""How long matches wait for company, at most: windows of 5 seconds are decided about them."""
LENGTH = Struct(">i")


def gathered(matches: DataStream) -> DataStream:
    """Rows (shard, parts) of rows (shard, matches)."""
    return through(matches, "MatchBatches", [MATCHES_MS], uids.BATCH_MATCHES, Types.ROW([Types.STRING(), MATCHES_TYPE]))


def read_matches(parts: bytes) -> Iterator[Match]:
    """The matches of all parts, in their order."""
    start = 0
    while start < len(parts):
        (length,) = LENGTH.unpack_from(parts, start)
        start += LENGTH.size + length
        yield from unpack_matches(parts[start - length : start])
