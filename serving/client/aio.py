"""The client for asyncio: as `serving.client.sync`, each call to be awaited, each stream for `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import grpc

from serving.client import calls
from serving.client.backoff import Backoff
from serving.client.calls import Call
from serving.client.channel import Tls, bearer, open_async_channel
from serving.client.listing import Listing
from serving.client.records import Alert, Candidate, Erased, Mention, Mover, Neighbor, Path, Reached, Score, Status
from serving.client.repeat import STREAM_S, Attempts

AnswerT = TypeVar("AnswerT")
RecordT = TypeVar("RecordT")


class AsyncClient:
    """Asks a server at HOST:PORT; for one event loop. Close it, or use it with `async with`.

    A call that finds nobody is repeated until `deadline_s` have passed; each may be, since none counts twice.
    Errors are `serving.client.AnswerError`s, and `ValueError` for an argument that cannot be sent.
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        tls: Tls | None = None,
        deadline_s: float = 10.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._channel = open_async_channel(address, tls)
        self._metadata = bearer(token)
        self._attempts = Attempts(deadline_s, backoff or Backoff())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all calls and streams."""
        await self._channel.close()

    async def get(self, entity_id: str, **asked: Unpack[calls.ScoreAsked]) -> Score:
        """The score of an entity over a window, by default the last 24 hours; raises `UnknownError`."""
        return await self._ask(calls.get(entity_id, asked))

    async def batch(self, entity_ids: Iterable[str], **asked: Unpack[calls.Asked]) -> Listing[Score]:
        """The scores of at most 1,000 entities in this order; unknown ones are missing."""
        return await self._ask(calls.batch(entity_ids, asked))

    async def series(self, entity_id: str, **asked: Unpack[calls.SeriesAsked]) -> Listing[Score]:
        """Scores over windows side by side, by default the last 24 hours; raises `UnknownError`."""
        return await self._ask(calls.series(entity_id, asked))

    async def neighbors(self, entity_id: str, **asked: Unpack[calls.NeighborsAsked]) -> Listing[Neighbor]:
        """Who stands in articles with an entity, by falling weight; raises `UnknownError`."""
        return await self._ask(calls.neighbors(entity_id, asked))

    async def expand(self, entity_id: str, **asked: Unpack[calls.ExpandAsked]) -> Listing[Reached]:
        """Who is at most two edges away, each by its strongest way; raises `UnknownError`."""
        return await self._ask(calls.expand(entity_id, asked))

    async def path(self, from_id: str, to_id: str, **asked: Unpack[calls.PathAsked]) -> Path:
        """How two entities hang together, over at most 3 edges; raises `UnknownError`."""
        return await self._ask(calls.path(from_id, to_id, asked))

    async def movers(self, **asked: Unpack[calls.MoversAsked]) -> Listing[Mover]:
        """The entities whose sentiment, or volume, moved most against the window before."""
        return await self._ask(calls.movers(asked))

    async def mentions(
        self, entity_id: str, limit: int | None = None, **asked: Unpack[calls.Asked]
    ) -> Listing[Mention]:
        """The facts about an entity, newest first, all by default; raises `UnknownError`."""
        return await self._pages(calls.mentions(entity_id, asked), limit)

    async def top(self, **asked: Unpack[calls.TopAsked]) -> Listing[Score]:
        """The entities in the news, by falling number of articles."""
        return await self._ask(calls.top(asked))

    async def resolve(self, text: str, **asked: Unpack[calls.ResolveAsked]) -> Listing[Candidate]:
        """The entities that a text may mean, best first."""
        return await self._ask(calls.resolve(text, asked))

    async def status(self, graph: str = "") -> Status:
        """How far a graph is, and what became of the records that came in."""
        return await self._ask(calls.status(graph))

    def watch(self, entity_ids: Iterable[str], **asked: Unpack[calls.WatchAsked]) -> AsyncIterator[Score]:
        """The score of each entity now, then whenever it changes, without end; after a broken connection each again."""
        return self._stream(calls.watch(entity_ids, asked))

    async def alerts(self, limit: int | None = None, **asked: Unpack[calls.AlertsAsked]) -> Listing[Alert]:
        """The alerts, newest event first, all by default."""
        return await self._pages(calls.alerts(asked), limit)

    async def alert(self, alert_id: str, graph: str = "") -> Alert:
        """One alert with its evidence; raises `UnknownError`."""
        return await self._ask(calls.alert(alert_id, graph))

    def watch_alerts(self, rule: str = "", graph: str = "") -> AsyncIterator[Alert]:
        """The open alerts now, then each that changes, without end; after a broken connection the open ones again."""
        return self._stream(calls.watch_alerts(rule, graph))

    async def review(self, alert_id: str, verdict: str, by: str, note: str = "") -> Alert:
        """Says fraud or ok of an alert, which counts once however often it is sent; raises `UnknownError`."""
        return await self._ask(calls.review(alert_id, verdict, by, note))

    async def erase(self, subject: str) -> Erased:
        """Removes an entity's id, session:ID or a pseudonym from every graph, for good."""
        return await self._ask(calls.erase(subject))

    async def _pages(self, call: Call[Listing[RecordT]], limit: int | None) -> Listing[RecordT]:
        found = await self._ask(calls.first_page(call, limit))
        while (further := calls.next_page(call, found, limit)) is not None:
            found = calls.joined(found, await self._ask(further))
        return found

    async def _ask(self, call: Call[AnswerT]) -> AnswerT:
        method = self._channel.unary_unary(call.path, _bytes, call.kind.FromString)
        for attempt in self._attempts.of(call.request):
            try:
                answer = await method(call.request, timeout=attempt.left_s, metadata=self._metadata)
            except grpc.RpcError as error:
                await asyncio.sleep(attempt.wait_after(error))
            else:
                attempt.keep(answer)
                return call.read(answer)
        raise AssertionError  # the last attempt raises

    async def _stream(self, call: Call[AnswerT]) -> AsyncIterator[AnswerT]:
        method = self._channel.unary_stream(call.path, _bytes, call.kind.FromString)
        for attempt in self._attempts.of(call.request, stream=True):
            stream = method(call.request, timeout=STREAM_S, metadata=self._metadata)
            try:
                async for answer in stream:
                    attempt.keep(answer)
                    yield call.read(answer)
                await asyncio.sleep(attempt.wait_after())
            except grpc.RpcError as error:
                await asyncio.sleep(attempt.wait_after(error))
            finally:
                stream.cancel()


def _bytes(message: Any) -> bytes:  # noqa: ANN401 - any request
    data: bytes = message.SerializeToString()
    return data
