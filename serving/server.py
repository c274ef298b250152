"""Answers over gRPC: `python -m serving.server --store DIR --port N --bootstrap H:P`.

It only reads the stores that appliers write; verdicts and erasures go to Kafka. It listens on loopback, and elsewhere
only with TLS and tokens.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import grpc
import typer
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from serving.at_once import CallPool
from serving.calls import Calls
from serving.fraud_service import AdminService, FraudService
from serving.graphs import Graphs, GraphUnavailableError
from serving.guard import Guard
from serving.lag import LagMeter
from serving.ledger import Ledger
from serving.limits import Streams, channel_options
from serving.process import prepare
from serving.security import ListenError, listen
from serving.service import GraphService, add_graph_service
from serving.settings import Access, ServerSettings
from serving.siblings import PortTakenError, reserve, run_siblings, wait_for_end
from serving.tokens import TokenFileError, Tokens
from udfs.kafka_properties import KafkaPropertiesError, python_options, read_properties
from wiregraph.v1 import services_pb2, services_pb2_grpc

SERVICES = tuple(service.full_name for service in services_pb2.DESCRIPTOR.services_by_name.values())

PREPARE_PAUSE_S = 0.001

log = logging.getLogger("server")


class Server:
    """A running server; `port` is the one it listens on, also where 0 was asked for."""

    def __init__(self, settings: ServerSettings) -> None:
        """Raises `ListenError` and `TokenFileError`."""
        self._settings = settings
        self._graphs = Graphs(settings.store, settings.graphs_max, settings.sizes)
        kafka = {"bootstrap_servers": settings.bootstrap, "client_id": "wiregraph-server", **settings.kafka}
        self._lag = LagMeter(kafka)
        self._ledger = Ledger(kafka)
        self._calls = Calls(self._graphs, settings)
        self._health = health.HealthServicer()
        self._stop = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._grpc = _guarded(settings)
        add_graph_service(GraphService(self._calls, self._lag), self._grpc)
        services_pb2_grpc.add_FraudServicer_to_server(FraudService(self._calls, self._ledger), self._grpc)
        services_pb2_grpc.add_AdminServicer_to_server(AdminService(self._calls, self._ledger), self._grpc)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._grpc)
        self.port: int = listen(self._grpc, settings.port, settings.access)

    def start(self) -> None:
        """Answers from now on; UNAVAILABLE until there is a store."""
        self._set_health(serving=False)
        self._grpc.start()
        self._follower.start()
        log.info("listens on %s:%d", self._settings.access.host, self.port)

    def stop(self) -> None:
        """Lets running calls end, for a while, and takes no new ones."""
        self._set_health(serving=False)
        self._calls.stop()
        self._grpc.stop(self._settings.drain_s).wait()
        self._stop.set()
        self._follower.join()
        self._graphs.close()
        self._lag.close()
        self._ledger.close()

    def _follow(self) -> None:
        look_at = 0.0
        while not self._await_written():
            self._graphs.catch_up()
            if time.monotonic() >= look_at:
                self._graphs.reopen()
                self._set_health(serving=self._serves())
                look_at = time.monotonic() + self._settings.reopen_s

    def _await_written(self) -> bool:
        """Until something was written that is seen, or that may have been; meanwhile it prepares answers.

        One answer at a time, so that calls get their turn. Whether it shall stop instead.
        """
        until_s = time.monotonic() + self._settings.catch_up_s
        prepares = True
        while not self._stop.wait(PREPARE_PAUSE_S if prepares else self._settings.look_s):
            if self._graphs.written() or time.monotonic() >= until_s:
                return False
            prepares = self._graphs.prepare()
        return True

    def _serves(self) -> bool:
        try:
            self._graphs.moment()
        except GraphUnavailableError:
            return False
        return True

    def _set_health(self, *, serving: bool) -> None:
        codes = health_pb2.HealthCheckResponse
        for name in ("", *SERVICES):
            self._health.set(name, codes.SERVING if serving else codes.NOT_SERVING)


def _guarded(settings: ServerSettings) -> grpc.Server:
    """A server without services; raises `TokenFileError`."""
    tokens = Tokens(settings.access.tokens) if settings.access.tokens else None
    streams = Streams(settings.streams_max, settings.limits.streams_client_max)
    server: grpc.Server = grpc.server(
        CallPool(settings.call_threads + settings.streams_max),
        interceptors=[Guard(tokens, settings.limits, streams)],
        options=[*channel_options(settings.limits), ("grpc.so_reuseport", int(settings.shares_port))],
        maximum_concurrent_rpcs=settings.limits.calls_max,
    )
    return server


def main(  # noqa: PLR0913 - a command's options are its arguments
    store: Annotated[Path, typer.Option(help="The directory of all stores.")],
    port: Annotated[int, typer.Option(help="To listen on; 0 for a free one.")],
    bootstrap: Annotated[str, typer.Option(help="Kafka's HOST:PORT.")],
    kafka_config: Annotated[Path | None, typer.Option(help="A Kafka client's properties file.")] = None,
    *,
    host: Annotated[
        str, typer.Option(help="To listen on; other than loopback only with TLS and tokens.")
    ] = "127.0.0.1",
    tls_cert: Annotated[Path | None, typer.Option(help="The server's certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, PEM.")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option(help="Clients need a certificate of this CA, PEM.")] = None,
    tokens: Annotated[Path | None, typer.Option(help="The file of the tokens that are let in.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="So many share the port, one for each core at best.")] = 1,
    pin: Annotated[bool, typer.Option(help="Keep each of several processes on a core of its own.")] = False,
    parent: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Answer from the stores until SIGTERM."""
    stop = prepare()
    if processes > 1:
        sys.exit(_many(host, port, processes, stop, pin=pin))
    access = Access(host, tls_cert, tls_key, tls_client_ca, tokens)
    try:
        kafka = python_options(read_properties(kafka_config))
        server = Server(ServerSettings(bootstrap, store, port, kafka, access=access, shares_port=bool(parent)))
    except (ListenError, TokenFileError, KafkaPropertiesError) as error:
        sys.exit(f"server: {error}")
    server.start()
    wait_for_end(stop, parent)
    server.stop()


def _many(host: str, port: int, count: int, stop: threading.Event, *, pin: bool) -> int:
    try:
        held = reserve(host, port)
    except PortTakenError as error:
        sys.exit(f"server: {error}")
    with held:
        port = held.getsockname()[1]
        log.info("%d processes listen on %s:%d", count, host, port)
        return run_siblings([*sys.argv[1:], "--processes", "1", "--port", str(port)], count, stop, pin=pin)


if __name__ == "__main__":
    typer.run(main)
