"""Every method of a server that has tokens, as its reflection lists them, by each kind of caller."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, MethodDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from serving.progress import Progress
from serving.scopes import SCOPES, Scope
from serving.server import Server
from serving.settings import Access, Limits, ServerSettings
from tests.oracles.alerts import make_alert
from tests.oracles.graph import Article, Said
from tests.serving.filling import fill_store
from tests.serving.fraud_events import apply_events
from tests.serving.guarded import Metadata, TokenBox, bearer
from tests.serving.running import ARTICLES, T0, answers, status_of, until
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

ANSWERED = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
"""A request without fields reaches its handler, which may find it wanting."""
DEADLINE_S = 20.0


class Guarded:
    def __init__(self, directory: Path) -> None:
        self.box = TokenBox(directory / "tokens.json")
        self.all = self.box.add("all", Scope)
        self.without = {scope: self.box.add(f"no-{scope}", set(Scope) - {scope}) for scope in Scope}
        self.expired = self.box.add("expired", Scope, days=-1)
        self.revoked = self.box.add("revoked", Scope)
        self.box.revoke("revoked")
        live = fill_store(directory / "store" / "live", ARTICLES)
        apply_events(live, [make_alert("a1")], Progress("topic", {}))
        access = Access(tokens=self.box.path)
        limits = Limits(streams_client_max=2)
        self.store = directory / "store"
        settings = ServerSettings("127.0.0.1:1", self.store, 0, {}, streams_max=3, access=access, limits=limits)
        self.server = Server(settings)
        self.server.start()
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.server.port}")
        self.graph = GraphStub(self.channel)

    def answers(self) -> bool:
        return self.code("/wiregraph.v1.Graph/GetStatus", bearer(self.all)) is grpc.StatusCode.OK

    def methods(self) -> dict[str, MethodDescriptorProto]:
        """All that reflection knows, by path."""
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        (listed,) = self._reflect(asked)
        services = [service.name for service in listed.list_services_response.service]
        files = self._reflect(
            *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=name) for name in services)
        )
        found: dict[str, MethodDescriptorProto] = {}
        for answer in files:
            for data in answer.file_descriptor_response.file_descriptor_proto:
                file = FileDescriptorProto.FromString(data)
                for service in file.service:
                    name = f"{file.package}.{service.name}"
                    found |= {f"/{name}/{method.name}": method for method in service.method if name in services}
        return found

    def _reflect(self, *asked: reflection_pb2.ServerReflectionRequest) -> list[reflection_pb2.ServerReflectionResponse]:
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        return list(stub.ServerReflectionInfo(iter(asked), metadata=bearer(self.all), timeout=DEADLINE_S))

    def code(
        self, path: str, metadata: Metadata = (), request: bytes = b"", timeout_s: float | None = DEADLINE_S
    ) -> grpc.StatusCode:
        """How a call ends, or begins where it is a stream."""
        call = self.channel.stream_stream(path)(iter([request]), metadata=metadata, timeout=timeout_s)
        try:
            next(call)
        except StopIteration:
            return grpc.StatusCode.OK
        except grpc.RpcError:
            code: grpc.StatusCode = call.code()
            return code
        finally:
            call.cancel()
        return grpc.StatusCode.OK

    def close(self) -> None:
        self.channel.close()
        self.server.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path_factory.mktemp("guarded"))
    until(guarded.answers)
    yield guarded
    guarded.close()


def test_every_method_has_its_scope_and_no_other_is_listed(guarded: Guarded) -> None:
    assert guarded.methods().keys() == SCOPES.keys()


@pytest.mark.parametrize("path", SCOPES)
def test_each_method_by_each_caller(guarded: Guarded, path: str) -> None:
    scope = SCOPES[path]
    refused = grpc.StatusCode.UNAUTHENTICATED
    codes = {
        "no token": guarded.code(path),
        "no bearer": guarded.code(path, (("authorization", f"Basic {guarded.all}"),)),
        "made up": guarded.code(path, bearer("wiregraph.all.AAAA")),
        "expired": guarded.code(path, bearer(guarded.expired)),
        "revoked": guarded.code(path, bearer(guarded.revoked)),
    }
    if scope is None:
        assert set(codes.values()) == {grpc.StatusCode.OK}
        return
    assert codes == dict.fromkeys(codes, refused)
    assert guarded.code(path, bearer(guarded.without[scope])) is grpc.StatusCode.PERMISSION_DENIED
    until(lambda: guarded.code(path, bearer(guarded.all)) in ANSWERED)  # Streams of other tests end in a moment.


def test_what_is_not_listed_is_denied_to_all(guarded: Guarded) -> None:
    for path in ("/wiregraph.v1.Graph/DropAll", "/wiregraph.v1.Graph/getentity", "/x/y", "/"):
        for metadata in ((), bearer(guarded.all)):
            assert guarded.code(path, metadata) is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("path", [path for path, scope in SCOPES.items() if scope])
def test_deadlines_are_required_and_bounded(guarded: Guarded, path: str) -> None:
    is_stream = path.rpartition("/")[2] in {"WatchEntities", "WatchAlerts", "Watch", "ServerReflectionInfo"}
    too_long_s = 4_000.0 if is_stream else 200.0
    for timeout_s in (None, too_long_s):
        assert guarded.code(path, bearer(guarded.all), timeout_s=timeout_s) is grpc.StatusCode.INVALID_ARGUMENT


def test_a_missing_deadline_is_named(guarded: Guarded) -> None:
    call = guarded.graph.GetStatus
    code, details = status_of(lambda: call(graph_pb2.GetStatusRequest(), metadata=bearer(guarded.all)))
    assert (code, details) == (grpc.StatusCode.INVALID_ARGUMENT, "deadline: is missing, set one of at most 120 s")


def test_what_is_no_message_is_said_so_and_logs_nothing(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    for path, scope in SCOPES.items():
        if path.startswith("/wiregraph"):
            assert scope is not None
            code = guarded.code(path, bearer(guarded.all), b"\xff\xff\xff")
            assert code is grpc.StatusCode.INVALID_ARGUMENT, path
            assert guarded.code(path, bearer(guarded.expired), b"\xff") is grpc.StatusCode.UNAUTHENTICATED
    assert not caplog.records


def test_streams_are_bounded_by_client_and_in_all(guarded: Guarded) -> None:
    other = guarded.box.add("other", [Scope.READ])
    more = guarded.box.add("more", [Scope.READ])
    until(lambda: guarded.code("/wiregraph.v1.Graph/GetStatus", bearer(more)) is grpc.StatusCode.OK)

    def watch(token: str) -> grpc.Call:
        request = graph_pb2.WatchEntitiesRequest(entity_ids=["org:a"])
        stream = guarded.graph.WatchEntities(request, metadata=bearer(token), timeout=DEADLINE_S)
        next(stream)
        opened: grpc.Call = stream
        return opened

    streams = [watch(other), watch(other)]
    code, details = status_of(lambda: watch(other))
    assert (code, details) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "2 streams of this client are open, which is the most",
    )
    streams.append(watch(more))
    code, details = status_of(lambda: watch(more))
    assert (code, details) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "3 streams are open, which is the most")
    for stream in streams:
        stream.cancel()
    until(lambda: answers(lambda: watch(more)))


def test_a_token_that_is_revoked_ends_its_streams(guarded: Guarded) -> None:
    token = guarded.box.add("brief", [Scope.READ])
    path = "/wiregraph.v1.Graph/GetStatus"
    until(lambda: guarded.code(path, bearer(token)) is grpc.StatusCode.OK)
    request = graph_pb2.WatchEntitiesRequest(entity_ids=["org:new"])
    stream = guarded.graph.WatchEntities(request, metadata=bearer(token), timeout=DEADLINE_S)
    guarded.box.revoke("brief")
    until(lambda: guarded.code(path, bearer(token)) is grpc.StatusCode.UNAUTHENTICATED)
    fill_store(guarded.store / "live", [*ARTICLES, Article("new", T0, T0, (Said("org:new", 1, 1),))])
    assert status_of(lambda: next(stream))[0] is grpc.StatusCode.UNAUTHENTICATED
