"""What it costs to guard a server by TLS and tokens, and what a good client notices while others abuse it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from benchmarks.abuse import KINDS, Target, silent_watchers
from benchmarks.read_bench import PATIENCE_S, Bench, Child, module, say
from benchmarks.read_names import entity_id
from benchmarks.read_requests import UNARY, Load
from benchmarks.report import Figure, percentile
from serving.client import Client, Tls
from serving.scopes import Scope
from serving.settings import Limits
from serving.tokens import new_token, write_grants
from wiregraph import ports

ROUNDS = 3
LOAD_S = 3.0
COST_TARGET = 0.90
RATE_PER_S = 300.0
P99_TARGET = 2.0
MEBIBYTE = 2**20
IDS_MAX = 1_000


def figures(bench: Bench, group: str) -> Iterator[Figure]:
    """Of a graph that has been built, which nobody writes meanwhile."""
    token, tokens = _token(bench.directory)
    yield from _cost(bench, group, token, tokens)
    with _serving(bench, "--tokens", str(tokens)) as server:
        _await(server, Client(server.address, token, deadline_s=PATIENCE_S))
        yield from _abused(bench, group, server, token)


def _token(directory: Path) -> tuple[str, Path]:
    token, grant = new_token("bench", Scope, datetime.now(UTC) + timedelta(days=1))
    file = directory / "tokens.json"
    write_grants(file, [grant])
    return token, file


@contextmanager
def _serving(bench: Bench, *options: str) -> Iterator[Child]:
    port = str(ports.choose(None, 0))
    store = ["--store", str(bench.directory / "store"), "--port", port, "--bootstrap", bench.bootstrap]
    argv = [*module("serving.server"), *store, *options]
    with bench.child(argv, bench.inner, f"guarded-{port}") as child:
        child.address = f"127.0.0.1:{port}"
        yield child


def _await(server: Child, client: Client) -> None:
    with client:
        say(f"{server.address} serves {client.status().facts:,} facts")


def _cost(bench: Bench, group: str, token: str, tokens: Path) -> Iterator[Figure]:
    """Both servers at once on one core, asked in turns, so that they meet the same machine."""
    cert, key = _certificate(bench.directory)
    tls = ("--tls-cert", str(cert), "--tls-key", str(key), "--tokens", str(tokens))
    with _serving(bench) as plain, _serving(bench, *tls) as guarded:
        _await(plain, Client(plain.address, deadline_s=PATIENCE_S))
        _await(guarded, Client(guarded.address, token, tls=Tls(cert), deadline_s=PATIENCE_S))
        rates: dict[str, list[float]] = {plain.address: [], guarded.address: []}
        for _ in range(ROUNDS):
            with guarded.suspended():
                rates[plain.address].append(bench.load(UNARY, plain.address, LOAD_S).rate)
            with plain.suspended():
                load = bench.load(UNARY, guarded.address, LOAD_S, ca=str(cert), metadata=_metadata(token))
            rates[guarded.address].append(load.rate)
    before, behind = (max(rates[server.address]) for server in (plain, guarded))
    yield Figure(
        group, "get_entity_over_tls_with_token", behind, "calls/s", behind / before, f"plain_{COST_TARGET:.2f}"
    )


def _metadata(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "grpc-timeout": "20S"}


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Signed by itself, for this machine and a day."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", "req", "-x509", *curve, *names], check=True, capture_output=True)  # noqa: S607 - wherever it is
    return cert, key


def _abused(bench: Bench, group: str, server: Child, token: str) -> Iterator[Figure]:
    """The good client's p99 at a steady rate while a process abuses the server from the same core as the client."""
    calm_ms = min(_p99_ms(bench, server, token) for _ in range(2))
    yield Figure(group, "p99_without_abuse", calm_ms, "ms")
    before = _memory(server)
    for kind in KINDS:
        argv = [*module("benchmarks.abuse"), kind, server.address, token, str(2 * LOAD_S + 4)]
        with bench.child(argv, bench.outer, f"abuse-{kind}"):
            time.sleep(1.0)
            yield _beside(group, kind, _p99_ms(bench, server, token), calm_ms)
    ids = [entity_id(number) for number in range(IDS_MAX)]
    with silent_watchers(Target(server.address, token), Limits().streams_client_max, ids):
        yield _beside(group, "silent_watchers", _p99_ms(bench, server, token), calm_ms)
    yield Figure(group, "memory_taken_by_abuse", (_memory(server) - before) / MEBIBYTE, "MiB")


def _beside(group: str, kind: str, p99_ms: float, calm_ms: float) -> Figure:
    return Figure(group, f"p99_beside_{kind}", p99_ms, "ms", p99_ms / calm_ms, f"p99_without_{P99_TARGET:.0f}")


def _p99_ms(bench: Bench, server: Child, token: str) -> float:
    load = Load(server.address, UNARY, bench.seconds(LOAD_S), rate=RATE_PER_S, metadata=_metadata(token))
    return percentile(bench.load_on(bench.outer, load).latencies_ms, 0.99)


def _memory(server: Child) -> int:
    return int(psutil.Process(server.process.pid).memory_info().rss)
