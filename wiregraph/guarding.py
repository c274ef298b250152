"""A stack whose server is guarded by TLS and tokens: what it is started with, and how the commands get in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

import grpc
from pydantic import BaseModel, ConfigDict

from serving.client.channel import Tls, channel_options, fits_header, open_channel
from wiregraph.errors import Failure, UsageError
from wiregraph.ports import HOST

TOKEN = "WIREGRAPH_TOKEN"  # noqa: S105 - the variable's name
CA = "WIREGRAPH_CA"
CERT = "WIREGRAPH_CERT"
KEY = "WIREGRAPH_KEY"
SERVER_NAME = "WIREGRAPH_SERVER_NAME"


class Guarding(BaseModel):
    """Where a guarded server listens and its files in PEM; with `client_ca` clients need a certificate too."""

    model_config = ConfigDict(frozen=True)

    host: str
    cert: Path
    key: Path
    client_ca: Path | None = None

    @property
    def reached_at(self) -> str:
        """The host by which commands on this machine reach it."""
        address = ip_address(self.host)
        return HOST if address.is_unspecified else str(address)


def guarding(host: str, cert: Path | None, key: Path | None, client_ca: Path | None) -> Guarding | None:
    """Of options as people give them, None where they give none; raises `UsageError`."""
    try:
        address = ip_address(host)
    except ValueError:
        raise UsageError(f"--grpc-host {host!r} is no address to listen on: give one such as 0.0.0.0") from None
    if cert is None and key is None and client_ca is None:
        if not address.is_loopback:
            raise UsageError(f"{host} can be reached from elsewhere: give --tls-cert and --tls-key as well")
        return None
    if cert is None or key is None:
        raise UsageError("TLS needs both a certificate and its key: give --tls-cert and --tls-key")
    ca = client_ca.resolve() if client_ca else None
    return Guarding(host=str(address), cert=cert.resolve(), key=key.resolve(), client_ca=ca)


def tokens_file(directory: Path) -> Path:
    """Where the tokens of the stack in a directory are."""
    return directory / "secrets" / "tokens.json"


def server_options(guarded: Guarding | None, directory: Path) -> list[str]:
    """What a guarded server is started with besides; nothing for one that is not."""
    if guarded is None:
        return []
    files = {"--tls-cert": guarded.cert, "--tls-key": guarded.key, "--tokens": tokens_file(directory)}
    if guarded.client_ca is not None:
        files["--tls-client-ca"] = guarded.client_ca
    return ["--host", guarded.host, *(word for option, file in files.items() for word in (option, str(file)))]


def open_to(address: str, guarded: Guarding | None, environment: Mapping[str, str] = os.environ) -> grpc.Channel:
    """A channel to a stack's server with what the environment says; raises Failure where that is not enough."""
    if guarded is None:
        return open_channel(address)
    token = environment.get(TOKEN)
    if not token:
        raise Failure(f"the server asks for a token: make one with `wiregraph token add` and set {TOKEN}")
    if not fits_header(token):
        raise Failure(f"{TOKEN} holds characters that no token has: set it to one that `wiregraph token add` printed")
    ca, cert, key = (Path(environment[name]) if environment.get(name) else None for name in (CA, CERT, KEY))
    tls = Tls(ca, cert, key, environment.get(SERVER_NAME, ""))
    try:
        credentials = tls.credentials()
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: see {CA}, {CERT} and {KEY}") from error
    bearer = grpc.access_token_call_credentials(token)
    whole = grpc.composite_channel_credentials(credentials, bearer)
    channel: grpc.Channel = grpc.secure_channel(address, whole, channel_options(tls))
    return channel
