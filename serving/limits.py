"""What one caller, and all of them, may ask of a server."""

from __future__ import annotations

import threading
import time
from collections import Counter

from serving.settings import Limits

ChannelOption = tuple[str, int]


def channel_options(limits: Limits) -> list[ChannelOption]:
    """What gRPC itself holds callers to, before any of our code runs."""
    return [
        ("grpc.max_receive_message_length", limits.request_bytes_max),
        ("grpc.max_send_message_length", limits.answer_bytes_max),
        # Requests are small; one that is compressed could only be there to grow.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        # Nor do they need more than 64 KiB on their way.
        ("grpc.http2.bdp_probe", 0),
        ("grpc.max_concurrent_streams", limits.calls_connection_max),
        ("grpc.server_handshake_timeout_ms", round(limits.handshake_s * 1_000)),
        # gRPC answers a ping in 0.3 us. To send a client away takes it 6 us for each that has come meanwhile, in which
        # it does nothing else: 2,000 pings at once would stop the server for 12 ms.
        ("grpc.http2.max_ping_strikes", 0),
        # A client that is gone without a word frees its streams.
        ("grpc.keepalive_time_ms", round(limits.keepalive_s * 1_000)),
        ("grpc.keepalive_timeout_ms", round(limits.keepalive_timeout_s * 1_000)),
    ]


class Streams:
    """Counts the open streams, of each client and in all; for any number of threads."""

    def __init__(self, most: int, most_of_client: int) -> None:
        self._most = most
        self._most_of_client = most_of_client
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def refusal(self, client: str) -> str:
        """Why a client gets no further stream; empty where it got one, which it must `close`."""
        with self._lock:
            if self._open.total() >= self._most:
                return f"{self._most} streams are open, which is the most"
            if self._open[client] >= self._most_of_client:
                return f"{self._most_of_client} streams of this client are open, which is the most"
            self._open[client] += 1
            return ""

    def close(self, client: str) -> None:
        """Gives a stream back."""
        with self._lock:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]  # There may be any number of clients over time.


class Refusals:
    """Lets a caller wait whose calls are refused again and again, so that others come first; for any number of threads.

    A few at a time, since one that waits holds a thread: with more callers than that the others are answered at once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._second = 0
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(limits.refusals_waiting_max)

    def wait(self, connection: str) -> None:
        """One more refusal on a connection, which is said behind this."""
        with self._lock:
            second = int(time.monotonic())
            if second != self._second:
                self._second, self._counts = second, Counter()
            self._counts[connection] += 1
            too_many = self._counts[connection] > self._limits.refusals_per_s_max
        if too_many and self._places.acquire(blocking=False):
            time.sleep(self._limits.refusal_pause_s)
            self._places.release()
