"""A server as a process of its own, which tests kill."""

import subprocess
import sys
from pathlib import Path

from wiregraph.ports import choose

PATIENCE_S = 90.0


class Process:
    """A server at one port, however often it is started."""

    def __init__(self, store: Path) -> None:
        self.port = choose(None, 0)
        options = ["--store", str(store), "--port", str(self.port), "--bootstrap", "127.0.0.1:1"]
        self._command = [sys.executable, "-m", "serving.server", *options]
        self._running = subprocess.Popen(self._command)

    def end(self, number: int) -> int:
        self._running.send_signal(number)
        return self._running.wait(PATIENCE_S)

    def again(self) -> None:
        self._running = subprocess.Popen(self._command)

    def close(self) -> None:
        self._running.kill()
        self._running.wait()
