"""How serving's processes are set up, with the reasons for the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from udfs.topics import NEWS, POSTS

INPUT_TOPICS = (NEWS, POSTS)


@dataclass(frozen=True, slots=True)
class ApplierSettings:
    """What an applier needs; `kafka` holds further arguments of kafka-python."""

    bootstrap: str
    store: Path
    graph: str
    kafka: Mapping[str, Any]
    poll_timeout_ms: int = 50
    # One batch of so many rows keeps a reader's catch-up, which holds the GIL, at about 10 ms.
    poll_records_max: int = 2_000
    probe_interval_s: float = 1.0
    retry_s: float = 1.0
    retry_max_s: float = 15.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server needs. A stream holds a thread for as long as it lives, so there are more threads."""

    bootstrap: str
    store: Path
    port: int
    kafka: Mapping[str, Any]
    streams_max: int = 16
    call_threads: int = 8
    catch_up_s: float = 0.02
    reopen_s: float = 0.5
    drain_s: float = 5.0
    stream_interval_s: float = 0.05
    graphs_max: int = 16
