"""Asks the stack's server: a stub whose errors are one line, and what all reading commands share."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc
import typer
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from udfs import names
from wiregraph.errors import Failure, UsageError
from wiregraph.guarding import CA, CERT, KEY, SERVER_NAME, open_to
from wiregraph.stack import read_stack
from wiregraph.times import parse_time
from wiregraph.v1 import graph_pb2
from wiregraph.v1.services_pb2_grpc import GraphStub

AnswerT = TypeVar("AnswerT")

TIMEOUT_S = 60.0
STREAM_S = 3_000.0
RECONNECT_S = 1.0
SHOWN = 80
WINDOW_DIGITS = 9
_ID = re.compile(r"(eq|org|per|loc|sector|topic):.+", re.DOTALL)
_WINDOW = re.compile(r"([1-9]\d*)([mhd])", re.ASCII)
_MINUTES = {"m": 1, "h": 60, "d": 1_440}


@dataclass(frozen=True, slots=True)
class Span:
    """The options that most reading commands have, checked."""

    window: Duration
    as_of: Timestamp | None
    known_at: Timestamp | None
    graph: str

    def fields(self) -> dict[str, Any]:
        """Return them as fields of a request, which all have the same names."""
        return {"window": self.window, "as_of": self.as_of, "known_at": self.known_at, "graph": self.graph}


def span(window: str, as_of: str | None, known_at: str | None, graph: str) -> Span:
    """Of options as people type them; raises `UsageError`."""
    return Span(parse_window(window), timestamp(as_of), timestamp(known_at), graph)


def parse_window(text: str) -> Duration:
    """Of 5m, 24h or 7d; raises `UsageError` for anything else."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{shortened(text)!r} is not a window: write minutes, hours or days, such as 5m, 24h or 7d")
    if len(match[1]) > WINDOW_DIGITS:
        raise UsageError(f"{shortened(text)!r} is too long a window: servers answer for 3,650 days at most")
    return Duration(seconds=int(match[1]) * _MINUTES[match[2]] * 60)


def shortened(text: str) -> str:
    """As much of what a person typed as fits into one line."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def timestamp(text: str | None) -> Timestamp | None:
    """Of a time as people type it, None for none; raises `UsageError`."""
    if text is None:
        return None
    time_ms = parse_time(text)
    return Timestamp(seconds=time_ms // 1_000, nanos=time_ms % 1_000 * 1_000_000)


@contextmanager
def connected(directory: Path) -> Iterator[GraphStub]:
    """A stub of the server of the stack in a directory; errors of its calls become `Failure`s."""
    with channel_of(directory) as channel:
        yield GraphStub(channel)


@contextmanager
def channel_of(directory: Path) -> Iterator[grpc.Channel]:
    """A channel to the server of the stack in a directory; errors of calls over it become `Failure`s."""
    stack = read_stack(directory)
    if not stack.grpc_port:
        raise Failure(f"no stack in {directory}: start one with `wiregraph stack up`")
    with open_to(stack.grpc, stack.guarding) as channel:
        try:
            yield channel
        except grpc.RpcError as error:
            if not isinstance(error, grpc.Call):
                raise
            raise failure(error, stack.grpc) from error


_RESOLVE = "look for it with `wiregraph resolve`"
_UNAVAILABLE = {
    "graph ": "try again in a moment",
    "Kafka ": "see `wiregraph stack status`",
}
"""How the server's own words begin where it is there and something else is not, and what to do then."""


_DENIED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def failure(error: grpc.Call, address: str) -> Failure | UsageError:
    """What to tell people of a call that failed."""
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE:
        return Failure(_unavailable(address, details))
    if code in _DENIED:
        return Failure(f"{details}: see `wiregraph token list`")
    if code is grpc.StatusCode.NOT_FOUND:
        look = "see `wiregraph alerts`" if details.startswith("there is no alert") else _RESOLVE
        return Failure(f"{details}: {look}")
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return UsageError(details)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Failure(f"the server at {address} took longer than {TIMEOUT_S:.0f} s: ask for a shorter window")
    return Failure(f"the server at {address} answered {code.name}: {details}")


def _unavailable(address: str, details: str) -> str:
    advice = next((advice for words, advice in _UNAVAILABLE.items() if details.startswith(words)), "")
    if advice:
        return f"{details}: {advice}"
    # Who asks for a client's certificate closes the connection where there is none, or one of another CA.
    if "handshake" in details.lower() or (
        details.startswith("failed to connect") and details.endswith("Socket closed")
    ):
        return f"{address} and this command do not trust each other: see {CA}, {CERT}, {KEY} and {SERVER_NAME}"
    return f"no server at {address}: start one with `wiregraph stack up`"


def call(method: Callable[..., AnswerT], request: object) -> AnswerT:
    """One call with a time limit."""
    return method(request, timeout=TIMEOUT_S)


def follow(method: Callable[..., Iterator[AnswerT]], request: object) -> Iterator[AnswerT]:
    """What a stream says, which says all again when it is opened anew.

    That is so when its time is over, since servers bound streams, and where a server goes away that had answered.
    """
    answered = waits = False
    while True:
        try:
            for answer in method(request, timeout=STREAM_S):
                answered, waits = True, False
                yield answer
        except grpc.RpcError as error:
            code = _code(error) if isinstance(error, grpc.Call) else None
            if code is grpc.StatusCode.UNAVAILABLE and answered:
                if not waits:
                    waits = True
                    typer.echo("the server went away: this goes on once it is back, Ctrl-C ends it", err=True)
                time.sleep(RECONNECT_S)
            elif code is not grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
        else:
            return


def _code(error: grpc.Call) -> grpc.StatusCode:
    code: grpc.StatusCode = error.code()
    return code


class AmbiguousNameError(Failure):
    """A name that may mean several entities, which are `candidates`."""

    def __init__(self, name: str, candidates: list[graph_pb2.Candidate]) -> None:
        ids = ", ".join(candidate.entity_id for candidate in candidates)
        super().__init__(f"{shortened(name)!r} may mean {ids}: ask for one of these ids")
        self.candidates = candidates


def sector_id(words: str | None) -> str:
    """The id of a sector, of its id or its name; empty for none."""
    if not words:
        return ""
    return words if words.startswith(names.SECTOR_PREFIX) else names.sector_id(words)


def find_entity(stub: GraphStub, name: str, graph: str, known_at: Timestamp | None = None) -> str:
    """The id that a person's words mean, by what was known then; raises `AmbiguousNameError` or `Failure`."""
    if _ID.fullmatch(name):
        return name
    if not name.strip():
        raise UsageError("the entity's name must not be empty")
    request = graph_pb2.ResolveEntitiesRequest(text=name, graph=graph, known_at=known_at)
    candidates = list(call(stub.ResolveEntities, request).candidates)
    if not candidates:
        raise Failure(f"nothing is called {shortened(name)!r}: look for it with `wiregraph resolve`")
    best = [candidate for candidate in candidates if candidate.score == candidates[0].score]
    if best[0].score < 1:
        best = candidates
    # Of names that are equally good, the one that the graph has heard of is meant.
    heard = [candidate for candidate in best if candidate.articles] or best
    if len(heard) > 1:
        raise AmbiguousNameError(name, heard)
    return str(heard[0].entity_id)


def pages(stub: GraphStub, request: graph_pb2.ListMentionsRequest, limit: int | None) -> graph_pb2.ListMentionsResponse:
    """All pages of mentions as one, at most `limit` mentions."""
    whole = graph_pb2.ListMentionsResponse()
    while True:
        left = None if limit is None else limit - len(whole.mentions)
        request.limit = 1_000 if left is None else min(left, 1_000)
        page = call(stub.ListMentions, request)
        whole.mentions.extend(page.mentions)
        request.page_token = page.next_page_token
        if not request.page_token or (limit is not None and len(whole.mentions) >= limit):
            whole.watermark.CopyFrom(page.watermark)
            whole.applied_at.CopyFrom(page.applied_at)
            return whole
