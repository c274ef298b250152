"""Appliers and servers that are broken on purpose, each in one place: the simulation must find every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any
from unittest.mock import patch

from serving import alert_apply, applier, apply, erase, keyspace
from serving.keyspace import Entry
from serving.progress import Progress
from serving.versions import Version
from tests.faults.simulation.store import SimulatedWriter


class _NoVersions(ModuleType):
    """The layout of keys, in which every stored version is lower than any that comes."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the layout has
        return getattr(keyspace, name)

    @staticmethod
    def row_version(_value: bytes) -> int:
        return -1


def stale_rows_win() -> AbstractContextManager[object]:
    return patch.object(apply, "keyspace", _NoVersions("keyspace"))


def stale_alerts_win() -> AbstractContextManager[object]:
    return patch.object(alert_apply, "keyspace", _NoVersions("keyspace"))


def offsets_are_stored_before_the_data() -> AbstractContextManager[object]:
    def write(self: SimulatedWriter, puts: Iterable[Entry], deletes: Iterable[bytes], progress: Progress) -> None:
        batch: dict[bytes, bytes | None] = {**dict.fromkeys(deletes), **{one.key: one.value for one in puts}}
        self._write({}, progress)
        self._write(batch, progress)

    return patch.object(SimulatedWriter, "write", write)


def the_watermark_moves_before_the_rows() -> AbstractContextManager[object]:
    return patch.object(applier, "_has_reached", lambda _poll, _ends: True)


def the_end_is_measured_before_the_commits() -> AbstractContextManager[object]:
    measure = applier._Session._measure

    def early(self: applier._Session, known: Mapping[str, int]) -> applier._Probe:
        ends = self._consumer.ends()
        return replace(measure(self, known), ends=ends)

    return patch.object(applier._Session, "_measure", early)


def guards_are_not_heeded() -> AbstractContextManager[object]:
    return patch.object(apply, "without_erased", lambda _writer, upserts: upserts)


def an_erasure_forgets_the_edges_of_others() -> AbstractContextManager[object]:
    return patch.object(erase, "_edges_to", lambda _view, _entity: iter(()))


def min_version_is_not_heeded() -> AbstractContextManager[object]:
    return patch.object(Version, "reached_by", lambda _self, _other: True)


@contextmanager
def what_was_in_memory_survives_an_error() -> Iterator[None]:
    """After an error of the disk the applier goes on from what it remembers, not from what is stored."""
    begin = applier._Session._begin
    remembered: dict[int, Progress] = {}

    def from_memory(self: applier._Session) -> Progress:
        stored = begin(self)
        kept = remembered.get(id(self._settings))
        return stored if kept is None or kept.topic_id != stored.topic_id else kept

    step = applier._Session._step

    def remember(self: applier._Session, prober: Executor) -> None:
        poll = self._consumer.poll
        before = self._progress

        def looked(timeout_ms: int, records_max: int) -> Any:  # noqa: ANN401 - a poll, whatever it is
            polled = poll(timeout_ms, records_max)
            remembered[id(self._settings)] = replace(before, offsets={**before.offsets, **polled.offsets})
            return polled

        with patch.object(self._consumer, "poll", looked):
            step(self, prober)

    with patch.object(applier._Session, "_begin", from_memory), patch.object(applier._Session, "_step", remember):
        yield


MUTANTS: tuple[Callable[[], AbstractContextManager[object]], ...] = (
    stale_rows_win,
    stale_alerts_win,
    offsets_are_stored_before_the_data,
    the_watermark_moves_before_the_rows,
    the_end_is_measured_before_the_commits,
    guards_are_not_heeded,
    an_erasure_forgets_the_edges_of_others,
    min_version_is_not_heeded,
    what_was_in_memory_survives_an_error,
)
