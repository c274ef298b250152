"""Matches on their way to where sessions meet: one hop into Python for what many batches of clicks found."""

from __future__ import annotations

from collections.abc import Iterator

from pyflink.common import Types
from pyflink.datastream import DataStream

from jobs import uids
from jobs.click_rows import PART, SHARDS
from jobs.java_operators import through
from udfs.batch_tier import unpack_matches
from udfs.patterns_records import Match

MATCHES_TYPE = Types.PRIMITIVE_ARRAY(Types.BYTE())
MATCHES_MS = 100
"""How long matches wait for company, at most: windows of 5 seconds are decided about them."""


def gathered(matches: DataStream) -> DataStream:
    """Rows (shard, parts) of the rows of many batches."""
    keys = [f"{uids.MATCHES}/{shard}" for shard in range(SHARDS)]
    shard_type = Types.ROW([Types.STRING(), MATCHES_TYPE])
    return through(matches, "MatchBatches", [keys, MATCHES_MS], uids.BATCH_MATCHES, shard_type)


def read_matches(parts: bytes) -> Iterator[Match]:
    """The matches of all parts, in their order."""
    start = 0
    while start < len(parts):
        _shard, length = PART.unpack_from(parts, start)
        start += PART.size + length
        yield from unpack_matches(parts[start - length : start])
