"""The real server's graphs over each replica's disk, and a client that never wants to read what is older."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from serving.graphs import Graphs, GraphUnavailableError, Moment, OtherVersionError
from serving.subjects import find_subject
from serving.versions import Version, version_of
from tests.faults.simulation.inputs import ENTITIES
from tests.faults.simulation.invariants import being_erased, check_content, check_scores, demand
from tests.faults.simulation.store import Iterator, Snapshot
from tests.oracles.strategies import BASE_MS


@dataclass
class Replica:
    """An applier's directory and the server beside it; `raised` is an error that the applier has not yet acted on."""

    root: Path
    server: Graphs | None = None
    server_killed: bool = False
    servers_brought_back: int = 0
    raised: list[object] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.root / "live"

    def serving(self) -> Graphs:
        if self.server is None:
            self.server = Graphs(self.root, 2)
            self.servers_brought_back += self.server_killed
            self.server_killed = False
        return self.server


class Client:
    """It carries the version of its last answer from one replica to the next."""

    def __init__(self) -> None:
        self._least: Version | None = None
        self._versions: dict[str, int] = {}
        self.answers = 0

    def read(self, replica: Replica, topic_id: str) -> bool:
        """Whether there was an answer of the changelog as it is now."""
        server = replica.serving()
        server.catch_up()
        server.reopen()
        try:
            moment = server.moment("", self._least)
        except OtherVersionError:
            self._least, self._versions = None, {}
            return False
        except GraphUnavailableError:
            return False
        version = version_of(moment.progress)
        demand(self._least is None or self._least.reached_by(version), "an answer is older than min_version")
        self._least = version
        self.answers += 1
        return moment.progress.topic_id == topic_id and self._check(moment)

    def _check(self, moment: Moment) -> bool:
        cursor = moment.view._iterator
        assert isinstance(cursor, Iterator)
        snapshot = cursor.snapshot
        if snapshot.applied.topic_id != moment.progress.topic_id:
            return False
        demand(moment.progress.ready, "a store that is being built was read")
        check_content(snapshot)
        self._check_versions(snapshot)
        for entity in set(ENTITIES) - being_erased(snapshot):
            subject = find_subject(moment.view, entity)
            if subject is not None:
                check_scores(moment.view, subject, snapshot.applied, BASE_MS)
        return True

    def _check_versions(self, snapshot: Snapshot) -> None:
        now = {key: line.version for key, line in snapshot.applied.rows.items()}
        for key, version in self._versions.items():
            demand(now.get(key, -1) >= version, f"{key} was read in version {version}, now it is {now.get(key)}")
        self._versions = now
