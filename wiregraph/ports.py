"""Free ports on this machine's loopback address."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterable

from wiregraph.errors import Failure

HOST = "127.0.0.1"
SERVER_PORTS = range(20_000, 32_000)
"""Below those that the system gives to clients: a client that keeps trying a dead server's port there
ends up connected to itself, and the server cannot have its port back."""
RELEASE_S = 20.0
"""How long a remembered port is waited for: a server that was killed holds it until its last thread is gone, and
all its clients still look for it there."""


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


def accepts(port: int, host: str = HOST) -> bool:
    """Whether somebody listens on a port."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def choose(asked: int | None, remembered: int, taken: Iterable[int] = ()) -> int:
    """The port that was asked for, else the remembered one if it is free soon, else any that is.

    Raises Failure where the one asked for is in use.
    """
    if asked:
        if not is_free(asked):
            raise Failure(f"port {asked} is already taken: choose another, or leave the option out to have one found")
        return asked
    avoid = set(taken)
    return remembered if remembered and remembered not in avoid and _released(remembered) else _any_free(avoid)


def _released(port: int) -> bool:
    """Whether a port is free, or becomes so in a while."""
    deadline = time.monotonic() + RELEASE_S
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _any_free(avoid: set[int]) -> int:
    """A free port at random, so that two stacks that start at once seldom meet."""
    candidates = (port for port in random.sample(SERVER_PORTS, len(SERVER_PORTS)) if port not in avoid)
    port = next(filter(is_free, candidates), None)
    if port is None:
        raise Failure(f"no port from {SERVER_PORTS.start} to {SERVER_PORTS.stop - 1} is free")
    return port
