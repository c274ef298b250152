"""What a client has read so far, so that it never reads an older state: the newest version of each graph."""

from __future__ import annotations

import threading
from itertools import zip_longest

from google.protobuf.message import Message

from serving.versions import Version, parse_version

_LEAST = "min_version"


class Memory:
    """For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Version] = {}

    def ask(self, request: Message) -> None:
        """Has a request ask for at least what was read before, where its kind can."""
        if _LEAST not in request.DESCRIPTOR.fields_by_name:
            return
        with self._lock:
            seen = self._seen.get(_graph(request))
        setattr(request, _LEAST, "" if seen is None else _text(seen))

    def keep(self, request: Message, answer: Message) -> None:
        """Remembers an answer's version, where its kind has one."""
        text = getattr(answer, "version", "")
        if _LEAST not in request.DESCRIPTOR.fields_by_name or not text:
            return
        with self._lock:
            graph = _graph(request)
            self._seen[graph] = _newer(self._seen.get(graph), parse_version(text))

    def forget(self, request: Message) -> None:
        """Begins anew with the graph that a request asked."""
        with self._lock:
            self._seen.pop(_graph(request), None)


def _graph(request: Message) -> str:
    return str(getattr(request, "graph", ""))


def _newer(seen: Version | None, version: Version) -> Version:
    """What holds all of both: answers that were on their way at once may come in any order."""
    if seen is None or seen.topic_id != version.topic_id:
        return version
    offsets = zip_longest(seen.offsets, version.offsets, fillvalue=0)
    return Version(version.topic_id, tuple(max(pair) for pair in offsets))


def _text(version: Version) -> str:
    return f"{version.topic_id}:{'.'.join(map(str, version.offsets))}"
