"""Which graph is served where a request names none: a name in a file beside the stores.

The file is replaced as a whole, so a server reads the old name or the new one, and each call is
answered from one graph.
"""

from __future__ import annotations

import os
from pathlib import Path

from serving.store import LIVE, graph_directory

_FILE = ".served"
"""No graph has such a name."""


def served_graph(store: Path) -> str:
    """The name of the served graph; the live one where nothing else is written down."""
    try:
        name = (store / _FILE).read_text("ascii").strip()
        graph_directory(store, name)
    except (OSError, ValueError):
        return LIVE
    return name or LIVE


def serve(store: Path, graph: str) -> None:
    """Makes a graph the served one, for good; raises `ValueError` for no name and `OSError`."""
    graph_directory(store, graph)
    fresh = store / f"{_FILE}.new"
    with fresh.open("w") as file:
        file.write(f"{graph or LIVE}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(store / _FILE)


def topic_graph(name: str) -> str:
    """The name by which a graph's topic and applier know it: the live one's is empty."""
    return "" if name == LIVE else name
