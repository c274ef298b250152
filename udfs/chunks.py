"""Clicks as bytes: what the click job's state holds, by columns, which is fast and packs well."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from udfs.clicks import KINDS, Click


def pack(clicks: Sequence[Click]) -> bytes:
    """Clicks as a chunk; empty for none."""
    return orjson.dumps(tuple(zip(*clicks, strict=True))) if clicks else b""


def pack_session(clicks: Sequence[Click]) -> bytes:
    """The clicks of one session (at least one) without its id; a column of one value holds it once."""
    _session_ids, *columns = zip(*clicks, strict=True)
    written = orjson.dumps([column[:1] if column.count(column[0]) == len(column) else column for column in columns])
    return bytes(memoryview(written))  # A copy: what orjson returns keeps the four times larger block it wrote into.


def unpack_session(session_id: str, packed: bytes) -> list[Click]:
    """The clicks of a session, as they were."""
    columns = orjson.loads(packed)
    count = len(columns[0])  # Event ids differ.
    full = [column * count if len(column) == 1 else column for column in columns]
    event_ids, times_ms, kinds, *others = full
    known = [KINDS[kind] for kind in kinds]
    rows = zip([session_id] * count, event_ids, times_ms, known, *others, strict=True)
    return list(map(Click._make, rows))


def unpack(chunk: bytes) -> list[Click]:
    """The clicks of a chunk, as they were."""
    if not chunk:
        return []
    session_ids, event_ids, times_ms, kinds, *others = orjson.loads(chunk)
    known = [KINDS[kind] for kind in kinds]
    return list(map(Click._make, zip(session_ids, event_ids, times_ms, known, *others, strict=True)))
