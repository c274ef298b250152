"""The graphs that a server answers from: one reader each, opened when first asked for."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from serving.arguments import BadArgumentError
from serving.progress import Progress, ProgressError
from serving.store import LIVE, GraphReader, StoreError, View, graph_directory

log = logging.getLogger(__name__)


class GraphUnavailableError(Exception):
    """The graph is there but cannot be read at the moment; the message says why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A graph as it was at one moment; not for more than one thread."""

    graph: str
    view: View
    progress: Progress


class Graphs:
    """Safe for any number of threads; `catch_up` and `reopen` are for one."""

    def __init__(self, store: Path, graphs_max: int) -> None:
        self._store = store
        self._graphs_max = graphs_max
        self._readers: dict[str, GraphReader] = {}
        self._retired: list[GraphReader] = []
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._generation = 0

    def moment(self, graph: str = "") -> Moment:
        """A graph now; raises `BadArgumentError` for an unknown one, else `GraphUnavailableError`."""
        name = graph or LIVE
        reader = self._readers.get(name) or self._open(name)
        try:
            view = reader.view()
            progress = view.progress()
        except (StoreError, ProgressError) as error:
            raise GraphUnavailableError(f"graph {name!r} cannot be read: {error}") from error
        if not progress.ready:
            done, whole = sum(progress.offsets.values()), sum(progress.build_to.values())
            raise GraphUnavailableError(f"graph {name!r} is being built: {done} of {whole} records are applied")
        return Moment(name, view, progress)

    def _open(self, name: str) -> GraphReader:
        with self._opening:
            if name in self._readers:
                return self._readers[name]
            path = self._directory(name)
            if len(self._readers) >= self._graphs_max:
                raise GraphUnavailableError(f"{self._graphs_max} graphs are open, which is the most")
            try:
                reader = GraphReader(path)
            except StoreError as error:
                raise GraphUnavailableError(f"graph {name!r} has no store yet: {error}") from error
            self._readers[name] = reader
            log.info("opened %s", path)
            return reader

    def _directory(self, name: str) -> Path:
        try:
            path = graph_directory(self._store, name)
        except ValueError as error:
            raise BadArgumentError("graph", str(error)) from error
        if name != LIVE and not path.is_dir():
            raise BadArgumentError("graph", f"there is no graph {name!r}")
        return path

    def catch_up(self) -> None:
        """Reads what the appliers wrote, and wakes who waits for it."""
        changed = [name for name, reader in list(self._readers.items()) if self._caught_up(name, reader)]
        if changed:
            self._wake()

    def _caught_up(self, name: str, reader: GraphReader) -> bool:
        try:
            return reader.catch_up()
        except StoreError as error:
            log.warning("graph %r is opened again: %s", name, error)
            self._retire(name)
            return True

    def reopen(self) -> None:
        """Lets go of stores that were replaced or dropped, and of those let go of the time before."""
        for reader in self._retired:
            reader.close()
        self._retired = []
        for name, reader in list(self._readers.items()):
            if reader.replaced():
                log.info("the store of graph %r was replaced", name)
                self._retire(name)
                self._wake()

    def _retire(self, name: str) -> None:
        # A call may be reading from it, so it is closed at the next round.
        self._retired.append(self._readers.pop(name))

    def _wake(self) -> None:
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    @property
    def generation(self) -> int:
        """Rises whenever something was read."""
        return self._generation

    def wait(self, seen: int, timeout_s: float) -> int:
        """Until the generation is no longer the one seen, or the time is up; gives the generation."""
        with self._changed:
            self._changed.wait_for(lambda: self._generation != seen, timeout_s)
            return self._generation

    def close(self) -> None:
        """Leaves nothing behind."""
        for reader in (*self._readers.values(), *self._retired):
            reader.close()
        self._readers.clear()
        self._retired.clear()
