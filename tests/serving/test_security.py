"""Who can connect at all: certificates, and addresses beyond loopback."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from serving.scopes import Scope
from serving.security import ListenError
from serving.server import Server
from serving.settings import Access, ServerSettings
from tests.serving.certificates import Authority, Pair
from tests.serving.filling import fill_store
from tests.serving.guarded import TokenBox, bearer
from tests.serving.running import ARTICLES, status_of
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub


class Secured:
    def __init__(self, directory: Path) -> None:
        self.ours, self.others = Authority(directory, "ours"), Authority(directory, "others")
        self.box = TokenBox(directory / "tokens.json")
        self.token = self.box.add("desk", [Scope.READ])
        pair = self.ours.sign("server")
        self.access = Access("0.0.0.0", pair.cert, pair.key, tokens=self.box.path)  # noqa: S104 - it is guarded
        self.client, self.strangers_client = self.ours.sign("client"), self.others.sign("stranger")
        fill_store(directory / "store" / "live", ARTICLES)
        self.store = directory / "store"

    def server(self, *, mutual: bool) -> Server:
        access = replace(self.access, tls_client_ca=self.ours.ca if mutual else None)
        server = Server(ServerSettings("127.0.0.1:1", self.store, 0, {}, access=access))
        server.start()
        return server


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Secured:
    return Secured(tmp_path_factory.mktemp("secured"))


@pytest.fixture(scope="module", params=[False, True], ids=["tls", "mtls"])
def served(secured: Secured, request: pytest.FixtureRequest) -> Iterator[tuple[Server, bool]]:
    server = secured.server(mutual=request.param)
    yield server, request.param
    server.stop()


def ask(port: int, credentials: grpc.ChannelCredentials | None, token: str) -> grpc.StatusCode:
    address = f"127.0.0.1:{port}"
    channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
    with channel:
        call = GraphStub(channel).GetStatus.future(graph_pb2.GetStatusRequest(), timeout=10, metadata=bearer(token))
        code: grpc.StatusCode = call.code()
        return code


def trusting(authority: Authority, client: Pair | None = None) -> grpc.ChannelCredentials:
    key, cert = (client.key.read_bytes(), client.cert.read_bytes()) if client else (None, None)
    credentials: grpc.ChannelCredentials = grpc.ssl_channel_credentials(authority.ca.read_bytes(), key, cert)
    return credentials


def test_who_is_let_in(secured: Secured, served: tuple[Server, bool]) -> None:
    server, mutual = served
    ours, token = secured.ours, secured.token
    callers = {
        "with a certificate of ours": ask(server.port, trusting(ours, secured.client), token),
        "without a certificate": ask(server.port, trusting(ours), token),
        "with another CA's certificate": ask(server.port, trusting(ours, secured.strangers_client), token),
        "trusting another CA": ask(server.port, trusting(secured.others, secured.client), token),
        "in plaintext": ask(server.port, None, token),
    }
    refused, answered = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.OK
    # Who is not asked for a certificate shows none.
    others = refused if mutual else answered
    assert callers == dict(zip(callers, (answered, others, others, refused, refused), strict=True))
    wrong = ask(server.port, trusting(ours, secured.client), "wiregraph.desk.x")
    assert wrong is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "2001:db8::1"])  # noqa: S104 - they are refused
@pytest.mark.parametrize("missing", ["all", "tokens", "tls"])
def test_nothing_but_loopback_without_tls_and_tokens(secured: Secured, host: str, missing: str) -> None:
    access = {
        "all": Access(host),
        "tokens": replace(secured.access, host=host, tokens=None),
        "tls": Access(host, tokens=secured.box.path),
    }[missing]
    with pytest.raises(ListenError, match="can be reached from elsewhere"):
        Server(ServerSettings("127.0.0.1:1", secured.store, 0, {}, access=access))


def test_by_default_nobody_elsewhere_can_connect(secured: Secured) -> None:
    server = Server(ServerSettings("127.0.0.1:1", secured.store, 0, {}))
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port)):
            pass
        # All of 127/8 is this machine, but only the one address is listened on.
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", server.port)):
            pass
    finally:
        server.stop()


def test_what_cannot_be_used_is_one_line(secured: Secured) -> None:
    wrong = {
        "no address": Access("example.com"),
        "both a certificate and its key": replace(secured.access, tls_key=None),
        "needs both": Access(tls_client_ca=secured.ours.ca),
        "cannot be read": replace(secured.access, tls_key=Path("/none")),
        "cannot be used": replace(secured.access, tls_key=secured.ours.ca),
    }
    for expected, access in wrong.items():
        with pytest.raises(ListenError, match=expected):
            Server(ServerSettings("127.0.0.1:1", secured.store, 0, {}, access=access))


def test_loopback_goes_by_each_of_its_names(secured: Secured) -> None:
    for host in ("localhost", "127.0.0.1"):
        server = Server(ServerSettings("127.0.0.1:1", secured.store, 0, {}, access=Access(host)))
        assert server.port
        server.start()
        server.stop()


def test_a_caller_without_a_token_is_told_so_over_tls(secured: Secured) -> None:
    server = secured.server(mutual=False)
    try:
        address = f"127.0.0.1:{server.port}"
        with grpc.secure_channel(address, trusting(secured.ours)) as channel:
            call = GraphStub(channel).GetStatus
            code, details = status_of(lambda: call(graph_pb2.GetStatusRequest(), timeout=10))
        assert (code, details) == (
            grpc.StatusCode.UNAUTHENTICATED,
            "no token: send authorization: Bearer TOKEN",
        )
    finally:
        server.stop()
