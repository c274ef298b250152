"""The commands against a server with TLS and tokens, in this process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.scopes import Scope
from serving.server import Server
from serving.settings import Access, ServerSettings
from tests.serving.certificates import Authority
from tests.serving.filling import fill_store
from tests.serving.guarded import TokenBox
from tests.serving.running import ARTICLES
from wiregraph.cli import run
from wiregraph.errors import Failure, UsageError
from wiregraph.guarding import Guarding, guarding, server_options, tokens_file
from wiregraph.stack import Stack, save_stack

CERT, KEY, CA = Path("/c.pem"), Path("/k.pem"), Path("/a.pem")


class Guarded:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority(directory, "ours")
        pair = self.authority.sign("server")
        self.client = self.authority.sign("client")
        tokens_file(directory).parent.mkdir()
        self.box = TokenBox(tokens_file(directory))
        self.token = self.box.add("desk", [Scope.READ])
        fill_store(directory / "store" / "live", ARTICLES)
        access = Access("0.0.0.0", pair.cert, pair.key, self.authority.ca, tokens_file(directory))  # noqa: S104 - guarded
        self.server = Server(ServerSettings("127.0.0.1:1", directory / "store", 0, {}, access=access))
        self.server.start()
        guarded = Guarding(host="0.0.0.0", cert=pair.cert, key=pair.key, client_ca=self.authority.ca)  # noqa: S104 - guarded
        save_stack(directory, Stack(grpc_port=self.server.port, guarding=guarded))


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path)
    monkeypatch.setenv("WIREGRAPH_TOKEN", guarded.token)
    monkeypatch.setenv("WIREGRAPH_CA", str(guarded.authority.ca))
    monkeypatch.setenv("WIREGRAPH_CERT", str(guarded.client.cert))
    monkeypatch.setenv("WIREGRAPH_KEY", str(guarded.client.key))
    monkeypatch.setenv("WIREGRAPH_DIR", str(tmp_path))
    yield guarded
    guarded.server.stop()


def wiregraph(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr("sys.argv", ["wiregraph", *words])
    assert run() == 0


def test_commands_get_in(guarded: Guarded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded.server.port
    wiregraph(monkeypatch, "entity", "org:a", "--json")
    assert json.loads(capsys.readouterr().out)["articles"] == 2


def test_what_does_not_get_in_says_what_to_do(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match=r"takes the scope admin: see `wiregraph token list`"):
        wiregraph(monkeypatch, "erase", "org:a")
    monkeypatch.setenv("WIREGRAPH_TOKEN", "wiregraph.desk.x")
    with pytest.raises(Failure, match=r"unknown or revoked: see `wiregraph token list`"):
        wiregraph(monkeypatch, "status")
    for pasted in ("é", "a\nb"):
        monkeypatch.setenv("WIREGRAPH_TOKEN", pasted)
        with pytest.raises(Failure, match="WIREGRAPH_TOKEN holds characters that no token has"):
            wiregraph(monkeypatch, "status")
    monkeypatch.delenv("WIREGRAPH_TOKEN")
    with pytest.raises(Failure, match="set WIREGRAPH_TOKEN"):
        wiregraph(monkeypatch, "status")
    monkeypatch.setenv("WIREGRAPH_TOKEN", guarded.token)
    stranger = Authority(guarded.directory, "another").sign("stranger")
    cert, key, ca = (str(one) for one in (guarded.client.cert, guarded.client.key, guarded.authority.ca))
    for own in (["", "", ca], [str(stranger.cert), str(stranger.key), ca], [cert, key, cert]):
        for name, value in zip(("CERT", "KEY", "CA"), own, strict=True):
            monkeypatch.setenv(f"WIREGRAPH_{name}", value)
        with pytest.raises(Failure, match="do not trust each other: see WIREGRAPH_CA"):
            wiregraph(monkeypatch, "status")
    monkeypatch.setenv("WIREGRAPH_CA", "/none.pem")
    with pytest.raises(Failure, match=r"/none.pem cannot be read"):
        wiregraph(monkeypatch, "status")


def test_options() -> None:
    assert guarding("127.0.0.1", None, None, None) is None
    guarded = guarding("::", CERT, KEY, CA)
    assert guarded is not None
    assert guarded.reached_at == "127.0.0.1"
    assert server_options(guarded, Path("/d")) == [
        "--host", "::", "--tls-cert", "/c.pem", "--tls-key", "/k.pem",
        "--tokens", "/d/secrets/tokens.json", "--tls-client-ca", "/a.pem",
    ]  # fmt: skip
    assert server_options(None, Path("/d")) == []
    here = Guarding(host="192.0.2.7", cert=CERT, key=KEY)
    assert Stack(grpc_port=7, guarding=here).grpc == "192.0.2.7:7"
    assert Stack(grpc_port=7, guarding=Guarding(host="::1", cert=CERT, key=KEY)).grpc == "[::1]:7"
    assert Stack.model_validate_json(Stack(guarding=here).model_dump_json()).guarding == here


@pytest.mark.parametrize(
    ("host", "cert", "key", "ca", "expected"),
    [
        ("example.com", CERT, KEY, None, "no address"),
        ("0.0.0.0", None, None, None, "can be reached from elsewhere"),  # noqa: S104 - it is refused
        ("127.0.0.1", CERT, None, None, "both"),
        ("127.0.0.1", None, KEY, None, "both"),
        ("127.0.0.1", None, None, CA, "both"),
    ],
)
def test_wrong_options(host: str, cert: Path | None, key: Path | None, ca: Path | None, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        guarding(host, cert, key, ca)
