"""How a client connects."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import grpc

os.environ.setdefault("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "500")
"""gRPC reads it with its first channel: how often it looks, while no call is under way, whether it may connect again.

By itself it does so every 5 s, and a server that was away for seconds is found 10 s after it is back.
"""
ANSWER_BYTES_MAX = 256 * 1024 * 1024
_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
    # A server that comes back is found soon.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: the CA of the server's certificate, by default what gRPC trusts; for mutual TLS one's own pair.

    `server_name` stands in for an address that the certificate does not name.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def credentials(self) -> grpc.ChannelCredentials:
        """For gRPC; raises `OSError`."""
        ca, key, cert = (file.read_bytes() if file else None for file in (self.ca, self.key, self.cert))
        credentials: grpc.ChannelCredentials = grpc.ssl_channel_credentials(ca, key, cert)
        return credentials


def channel_options(tls: Tls | None) -> list[tuple[str, int | str]]:
    """For gRPC."""
    named = [("grpc.ssl_target_name_override", tls.server_name)] if tls and tls.server_name else []
    return [*_OPTIONS, *named]


def _check(address: str) -> None:
    """So that a mistake shows at once, not as a server that is never found."""
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal()):
        raise ValueError(f"address: {address[:80]!r} is not HOST:PORT")


def open_channel(address: str, tls: Tls | None = None) -> grpc.Channel:
    """To a server at HOST:PORT, in plaintext without `tls`; raises `ValueError` for what is none."""
    _check(address)
    if tls is None:
        channel: grpc.Channel = grpc.insecure_channel(address, channel_options(tls))
    else:
        channel = grpc.secure_channel(address, tls.credentials(), channel_options(tls))
    return channel


def open_async_channel(address: str, tls: Tls | None = None) -> grpc.aio.Channel:
    """The same for asyncio."""
    _check(address)
    if tls is None:
        channel: grpc.aio.Channel = grpc.aio.insecure_channel(address, channel_options(tls))
    else:
        channel = grpc.aio.secure_channel(address, tls.credentials(), channel_options(tls))
    return channel


def fits_header(token: str) -> bool:
    """Whether a token can be sent at all; what cannot is none."""
    return token.isascii() and token.isprintable()


def bearer(token: str | None) -> tuple[tuple[str, str], ...]:
    """The metadata of a call; raises `ValueError` for what no header can hold, and so is no token."""
    if token and not fits_header(token):
        raise ValueError("token: holds characters that no token has")
    return (("authorization", f"Bearer {token}"),) if token else ()
