"""Free ports on this machine's loopback address."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from wiregraph.errors import Failure

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on a port now."""
    with socket.socket() as probe:
        # As servers do: connections of an earlier server that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def accepts(port: int) -> bool:
    """Whether somebody listens on a port."""
    try:
        socket.create_connection((HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def choose(asked: int | None, remembered: int, taken: Iterable[int] = ()) -> int:
    """The port that was asked for, else the remembered one if it is free, else any that is.

    Raises Failure where the one asked for is in use.
    """
    if asked:
        if not is_free(asked):
            raise Failure(f"port {asked} is already taken: choose another, or leave the option out to have one found")
        return asked
    avoid = set(taken)
    return remembered if remembered and remembered not in avoid and is_free(remembered) else _any_free(avoid)


def _any_free(avoid: set[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        if port not in avoid:
            return port
