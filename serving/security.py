"""Where a server listens: on loopback as it is, anywhere else only with TLS and tokens."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import grpc

from serving.settings import Access

LOCALHOST = "localhost"


class ListenError(Exception):
    """The server cannot listen as asked for; the message says why."""


def listen(server: grpc.Server, port: int, access: Access) -> int:
    """Has a server listen; gives the port, also where 0 was asked for. Raises `ListenError`."""
    address = f"{_host(access)}:{port}"
    credentials = _credentials(access)
    try:
        if credentials is None:
            return int(server.add_insecure_port(address))
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as error:
        tls = ", or see whether certificate and key belong together" if credentials else ""
        raise ListenError(f"port {port} of {access.host} cannot be used: choose another one{tls}") from error


def _host(access: Access) -> str:
    """As gRPC takes it; only addresses, since a name may mean something else tomorrow."""
    try:
        address = ip_address("127.0.0.1" if access.host == LOCALHOST else access.host)
    except ValueError as error:
        raise ListenError(f"{access.host!r} is no address to listen on: give one such as 0.0.0.0") from error
    if not address.is_loopback and not (access.tls_cert and access.tokens):
        raise ListenError(
            f"{access.host} can be reached from elsewhere: listening there needs --tls-cert, --tls-key and --tokens"
        )
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6


def _credentials(access: Access) -> grpc.ServerCredentials | None:
    """None for plaintext; with a client CA only clients with a certificate of its are let in."""
    if not access.tls_cert and not access.tls_key and not access.tls_client_ca:
        return None
    if not access.tls_cert or not access.tls_key:
        raise ListenError("TLS needs both a certificate and its key: give --tls-cert and --tls-key")
    pair = (_read(access.tls_key), _read(access.tls_cert))
    ca = _read(access.tls_client_ca) if access.tls_client_ca else None
    credentials: grpc.ServerCredentials = grpc.ssl_server_credentials([pair], ca, require_client_auth=ca is not None)
    return credentials


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListenError(f"{path} cannot be read: {error.strerror}") from error
