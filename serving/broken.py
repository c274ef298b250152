"""How a reader tells the applier that a store is broken: a mark beside it, which names the store's identity.

A store may be broken where its writer does not look. The reader, which must not write into a store,
serves nothing more of it; the applier moves it aside and builds it again.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


def _mark(path: Path) -> Path:
    return path.with_name(f".broken-{path.name}")


def mark_broken(path: Path, identity: str) -> None:
    """Says that this store is broken; a mark that cannot be written is in the log."""
    try:
        _mark(path).write_text(identity)
    except OSError as error:
        log.warning("the applier cannot be told that %s is broken: %s", path, error)


def forget_broken(path: Path) -> None:
    """Takes a mark away, before another store is put in this one's place; a copy has its identity."""
    _mark(path).unlink(missing_ok=True)


def is_broken(path: Path, identity: str) -> bool:
    """Whether this very store was marked; a mark of an earlier one is taken away."""
    with suppress(OSError):
        if _mark(path).read_text() == identity:
            return True
        _mark(path).unlink(missing_ok=True)
    return False
