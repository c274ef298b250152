"""How serving's processes are set up, with the reasons for the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from udfs.topics import NEWS, POSTS

INPUT_TOPICS = (NEWS, POSTS)


NO_END_MS = (1 << 63) - 1
"""A time that never comes."""


@dataclass(frozen=True, slots=True)
class ApplierSettings:
    """What an applier needs; `kafka` holds further arguments of kafka-python.

    `until_ms` is where a replayed graph's event times end: it is not complete beyond.
    """

    bootstrap: str
    store: Path
    graph: str
    kafka: Mapping[str, Any]
    until_ms: int = NO_END_MS
    poll_timeout_ms: int = 50
    # Readers stand still while they take a batch in, 25 us a row, so near the end of the changelog batches are small.
    # Where more records wait than `behind_records`, large ones take less time in all.
    poll_records_near: int = 20
    poll_records_max: int = 200
    behind_records: int = 1_000
    probe_interval_s: float = 1.0
    retry_s: float = 1.0
    retry_max_s: float = 15.0

    def batch_max(self, waiting: int) -> int:
        """How many records to take at once where about so many wait."""
        return self.poll_records_max if waiting >= self.behind_records else self.poll_records_near


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server listens and whom it lets in; all but the host are files, None for none."""

    host: str = "127.0.0.1"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    tokens: Path | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What callers may ask of a server at once; what is more is RESOURCE_EXHAUSTED."""

    # 1,000 ids of 512 bytes fit.
    request_bytes_max: int = 1024 * 1024
    answer_bytes_max: int = 64 * 1024 * 1024
    # Under way or waiting for a thread, streams included: further ones are refused at once, which costs little.
    calls_max: int = 256
    calls_connection_max: int = 256
    # A client is a token, or a connection where there are no tokens.
    streams_client_max: int = 8
    # A connection whose calls are refused more often waits for each further answer, so many calls at a time; further
    # ones are answered at once, so there are places for all that a caller usually has under way.
    refusals_per_s_max: int = 20
    refusal_pause_s: float = 0.2
    refusals_waiting_max: int = 20
    # Only where there are tokens; then a call needs a deadline.
    deadline_max_s: float = 120.0
    stream_deadline_max_s: float = 3_600.0
    handshake_s: float = 10.0
    keepalive_s: float = 60.0
    keepalive_timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many answers a server keeps of each graph, the least used ones are forgotten first."""

    # Rows that scores are made of, about 0.35 KiB each: 50,000 entities over a day are made of 600,000. Too few, and
    # what half the calls ask for is computed again at each of them.
    scores: int = 1_000_000
    # Edges of the entities whose neighbours were asked for, about 0.3 KiB each.
    edges: int = 200_000


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server needs. A stream holds a thread for as long as it lives, so there are more threads."""

    bootstrap: str
    store: Path
    port: int
    kafka: Mapping[str, Any]
    streams_max: int = 16
    # Those that are answered need a millisecond; a refused one may wait. With many more, bursts are answered later.
    call_threads: int = 24
    # To read what was written takes the longer the more it is, and nothing is answered meanwhile. So a server looks
    # often whether anything was, and reads at once; now and then it reads without having seen anything.
    look_s: float = 0.004
    catch_up_s: float = 0.02
    reopen_s: float = 0.5
    drain_s: float = 5.0
    stream_interval_s: float = 0.05
    graphs_max: int = 16
    sizes: Sizes = field(default_factory=Sizes)
    # With other processes, see `serving.siblings`.
    shares_port: bool = False
    access: Access = field(default_factory=Access)
    limits: Limits = field(default_factory=Limits)
