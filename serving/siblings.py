"""Several server processes that listen on one port: the system gives each connection to one of them.

Each has a store of its own in memory and its own moment, so a connection never goes back, and a client
that changes connections sends `min_version`. One that is killed is started again, since the others go on
meanwhile; where one cannot start, none can, and all end.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

log = logging.getLogger("servers")

LOOK_S = 0.2
DRAIN_S = 15.0


class PortTakenError(Exception):
    """Somebody else listens there."""


def reserve(host: str, port: int) -> socket.socket:
    """Holds a port, any for 0, for processes that share it; nobody listens yet. Raises `PortTakenError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            alone.bind((host, port))
        except OSError as error:
            raise PortTakenError(f"port {port} of {host} cannot be used: choose another one") from error
        port = alone.getsockname()[1]
    held = socket.socket(family)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((host, port))
    return held


def run_siblings(arguments: Sequence[str], count: int, stop: threading.Event, *, pin: bool) -> int:
    """Runs so many until told to stop; gives the exit status. `arguments` are those of `serving.server`."""
    children = [_start(arguments, number, pin=pin) for number in range(count)]
    status = 0
    while not status and not stop.wait(LOOK_S):
        for number, child in enumerate(children):
            code = child.poll()
            if code is not None and code > 0:
                log.error("server process %d ended with %d", child.pid, code)
                status = code
            elif code is not None:
                log.warning("server process %d was killed, another one is started", child.pid)
                children[number] = _start(arguments, number, pin=pin)
    _end(children)
    return status


def _start(arguments: Sequence[str], number: int, *, pin: bool) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "serving.server", *arguments, "--parent", str(os.getpid())]
    child = subprocess.Popen(command)  # noqa: S603 - our own program
    if pin:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(child.pid, {cores[number % len(cores)]})
    return child


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for_end(stop: threading.Event, parent: int) -> None:
    """Until told to stop, or until the parent is gone, if there is one."""
    while not stop.wait(1.0 if parent else None):
        if os.getppid() != parent:
            return
