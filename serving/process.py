"""What the applier and the server do alike when they start as processes."""

from __future__ import annotations

import logging
import signal
import threading


def prepare() -> threading.Event:
    """Log to stderr; gives the event that SIGTERM or SIGINT sets."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # What matters is in our own lines.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
