"""The graphs that a server answers from: one reader each, opened when first asked for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from serving.arguments import BadArgumentError
from serving.broken import mark_broken
from serving.live import Live
from serving.progress import Progress, ProgressError
from serving.served import served_graph
from serving.settings import Sizes
from serving.store import LIVE, GraphReader, StoreCorruptError, StoreError, View, graph_directory, store_identity
from serving.versions import Version, version_of

AnswerT = TypeVar("AnswerT")

log = logging.getLogger(__name__)

BEHIND_WAIT_S = 0.25
"""So long a call waits for the version that it asks for; readers catch up every few hundredths of a second."""


class GraphUnavailableError(Exception):
    """The graph is there but cannot be read at the moment; the message says why."""


class OtherVersionError(Exception):
    """A version that belongs to another changelog: the graph was built anew, or another one is served."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A graph as it was at one moment; not for more than one thread. `store_id` is another once it is built anew."""

    graph: str
    view: View
    progress: Progress
    store_id: str = ""


class Graphs:
    """Safe for any number of threads; `written`, `catch_up`, `prepare` and `reopen` are for one."""

    def __init__(self, store: Path, graphs_max: int, sizes: Sizes | None = None) -> None:
        self._store = store
        self._graphs_max = graphs_max
        self._sizes = sizes or Sizes()
        self._lives: dict[str, Live] = {}
        self._retired: list[GraphReader] = []
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._generation = 0
        self._served = served_graph(store)
        self._answered: dict[str, Version] = {}
        self._answering = threading.Lock()
        self._broken: dict[str, str] = {}

    def moment(self, graph: str = "", least: Version | None = None) -> Moment:
        """A graph now, at `least` at a version and never before what was answered already; "" is the served one.

        Raises `BadArgumentError` for an unknown graph, `OtherVersionError` where the version is not of its
        changelog, else `GraphUnavailableError`.
        """
        name = graph or self._served
        deadline = time.monotonic() + BEHIND_WAIT_S
        while True:
            seen = self._generation
            moment = self._now(name)
            version = version_of(moment.progress)
            if least is not None and least.topic_id != version.topic_id:
                raise OtherVersionError(f"graph {name!r} is built from another changelog than that version")
            if (least is None or least.reached_by(version)) and self._forward(name, version):
                return moment
            if time.monotonic() >= deadline:
                raise GraphUnavailableError(f"graph {name!r} is not yet as far as it was read before")
            self.wait(seen, BEHIND_WAIT_S / 10)

    def _forward(self, name: str, version: Version) -> bool:
        """Whether this is no way back from what was answered; it counts as answered then."""
        with self._answering:
            last = self._answered.get(name)
            if last is not None and last.topic_id == version.topic_id and not last.reached_by(version):
                return False
            self._answered[name] = version
            return True

    def live(self, graph: str = "") -> Live | None:
        """What answers about the present without a look at the store, if the graph is open; "" is the served one."""
        return self._lives.get(graph or self._served)

    def _now(self, name: str) -> Moment:
        live = self._lives.get(name) or self._open(name)
        if self._is_broken(name, live):
            raise GraphUnavailableError(f"graph {name!r} is broken and is being built again")
        reader = live.reader
        try:
            view = reader.view()
            progress = view.progress()
        except (StoreError, ProgressError) as error:
            raise self._failed(name, reader.identity, error) from error
        if not progress.ready:
            done, whole = progress.applied, progress.to_build
            raise GraphUnavailableError(f"graph {name!r} is being built: {done} of {whole} records are applied")
        return Moment(name, view, progress, reader.identity)

    def _open(self, name: str) -> Live:
        with self._opening:
            if name in self._lives:
                return self._lives[name]
            path = self._directory(name)
            if len(self._lives) >= self._graphs_max:
                raise GraphUnavailableError(f"{self._graphs_max} graphs are open, which is the most")
            try:
                reader = GraphReader(path)
            except StoreCorruptError as error:
                raise self._failed(name, store_identity(path), error) from error
            except StoreError as error:
                raise GraphUnavailableError(f"graph {name!r} has no store yet: {error}") from error
            self._lives[name] = Live(reader, partial(self._forward, name), self._sizes)
            log.info("opened %s", path)
            return self._lives[name]

    def _directory(self, name: str) -> Path:
        try:
            path = graph_directory(self._store, name)
        except ValueError as error:
            raise BadArgumentError("graph", str(error)) from error
        if name != LIVE and not path.is_dir():
            raise BadArgumentError("graph", f"there is no graph {name!r}")
        return path

    def ask(self, graph: str, handler: Callable[[Moment], AnswerT], least: Version | None = None) -> AnswerT:
        """What a handler makes of a moment; raises what `moment` does, also where the store turns out to be broken."""
        moment = self.moment(graph, least)
        try:
            return handler(moment)
        except StoreError as error:
            raise self._failed(moment.graph, moment.store_id, error) from error

    def _failed(self, name: str, identity: str, error: Exception) -> GraphUnavailableError:
        """What to raise; a corrupt store is served no more, and its applier is told so."""
        if isinstance(error, StoreCorruptError):
            log.error("graph %r is broken: %s", name, error)
            self._broken[name] = identity
            live = self._lives.get(name)
            if live is not None and live.reader.identity == identity:
                live.hide()
            mark_broken(graph_directory(self._store, name), identity)
        return GraphUnavailableError(f"graph {name!r} cannot be read: {error}")

    def written(self) -> bool:
        """Whether `catch_up` surely finds something; costs next to nothing, and does not see all."""
        return any(live.reader.written() for name, live in list(self._lives.items()) if not self._is_broken(name, live))

    def catch_up(self) -> None:
        """Reads what the appliers wrote and which graph is served, and wakes who waits for it."""
        served = served_graph(self._store)
        if served != self._served:
            log.info("graph %r is served from now on, %r was before", served, self._served)
            self._served = served
            self._wake()
        changed = [name for name, live in list(self._lives.items()) if self._caught_up(name, live)]
        if changed:
            self._wake()

    def _is_broken(self, name: str, live: Live) -> bool:
        return self._broken.get(name) == live.reader.identity

    def _caught_up(self, name: str, live: Live) -> bool:
        if self._is_broken(name, live):
            return False
        try:
            return live.catch_up()
        except ProgressError:
            return True  # Who asks is told so.
        except StoreError as error:
            log.warning("graph %r is opened again: %s", name, error)
            self._retire(name)
            return True

    def prepare(self) -> bool:
        """Computes an answer before it is wanted; whether there was one to compute."""
        try:
            return any(live.prepare() for live in list(self._lives.values()))
        except StoreError:  # Who asks is told so, or the next look at the store finds it.
            return False

    def reopen(self) -> None:
        """Lets go of stores that were replaced or dropped, and of those let go of the time before."""
        for reader in self._retired:
            reader.close()
        self._retired = []
        for name, live in list(self._lives.items()):
            if live.reader.replaced():
                log.info("the store of graph %r was replaced", name)
                self._retire(name)
                self._wake()

    def _retire(self, name: str) -> None:
        # A call may be reading from it, so it is closed at the next round.
        live = self._lives.pop(name)
        live.hide()
        self._retired.append(live.reader)

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
        for reader in (*(live.reader for live in self._lives.values()), *self._retired):
            reader.close()
        self._lives.clear()
        self._retired.clear()
