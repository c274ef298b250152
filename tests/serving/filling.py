"""Fills stores as an applier would."""

from collections.abc import Iterable
from pathlib import Path

from serving.apply import Poll, apply_poll
from serving.progress import Progress
from serving.store import GraphWriter
from tests.oracles.graph import Article, Upsert, changelog

APPLIED_AT_MS = 1_700_000_000_000


def fill_store(path: Path, articles: Iterable[Article], extra: Iterable[Upsert] = ()) -> Path:
    """Applies the rows of articles in one batch; the watermark is the epoch's first second."""
    rows = [*changelog(articles), *extra]
    with GraphWriter(path) as writer:
        progress = writer.progress() or Progress("topic", {}, watermark_ms=1_000)
        at = progress.offsets.get(0, 0)
        records = [row.record(at + number) for number, row in enumerate(rows)]
        apply_poll(writer, Poll(records, {0: at + len(records)}), progress, APPLIED_AT_MS)
    return path
