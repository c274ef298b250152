"""How serving's processes are set up, with the reasons for the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from udfs.topics import NEWS, POSTS

INPUT_TOPICS = (NEWS, POSTS)
CONSUMER_GROUP = "wiregraph-news-graph"


def consumer_group(graph: str) -> str:
    """To which the job that writes a graph commits the offsets of its checkpoints."""
    return f"{CONSUMER_GROUP}.{graph}" if graph else CONSUMER_GROUP


_GUARDED = ("security.", "sasl.", "ssl.")
_ARGUMENTS = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.truststore.location": "ssl_cafile",
    "ssl.keystore.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
    "ssl.key.password": "ssl_password",
}


class SettingsError(ValueError):
    """A setting that cannot be used; the message says which."""


def read_kafka_config(path: Path | None) -> dict[str, str]:
    """What a Kafka client's properties file says of security, as kafka-python's arguments.

    Certificates are PEM. Raises `SettingsError` for a file that cannot be read or used.
    """
    if path is None:
        return {}
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--kafka-config {path}: {error}") from error
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#!")
    properties = {name.strip(): value.strip() for name, _, value in pairs}
    unknown = [name for name in properties if name.startswith(_GUARDED) and name not in _ARGUMENTS]
    if unknown:
        raise SettingsError(f"--kafka-config {path}: {unknown[0]} is not supported, these are: {', '.join(_ARGUMENTS)}")
    return {_ARGUMENTS[name]: value for name, value in properties.items() if name in _ARGUMENTS}


@dataclass(frozen=True, slots=True)
class ApplierSettings:
    """What an applier needs; `kafka` holds further arguments of kafka-python."""

    bootstrap: str
    store: Path
    graph: str
    kafka: Mapping[str, str]
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
    kafka: Mapping[str, str]
    streams_max: int = 16
    call_threads: int = 8
    catch_up_s: float = 0.02
    reopen_s: float = 0.5
    drain_s: float = 5.0
    stream_interval_s: float = 0.05
    graphs_max: int = 16
