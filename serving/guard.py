"""What every call passes before its handler: who asks, whether they may, until when, and how many streams they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc
from google.protobuf.message import DecodeError

from serving.at_once import AtOnce, Behaviour
from serving.limits import Refusals, Streams
from serving.scopes import SCOPES
from serving.settings import Limits
from serving.tokens import Grant, Tokens, UnknownTokenError

Handler = Any
"""A method of a service as gRPC keeps it, which has no types."""
Continuation = Callable[[Any], Handler | None]
Metadata = tuple[tuple[str, str | bytes], ...]

NO_DEADLINE_S = 365 * 86_400.0
"""gRPC gives a call without a deadline one that is further away than this."""
SLACK_S = 1.0
_BEARER = "Bearer "
_MALFORMED = object()


class _DeniedError(Exception):
    def __init__(self, code: grpc.StatusCode, why: str) -> None:
        super().__init__(why)
        self.code = code


class Guard(grpc.ServerInterceptor):
    """Denies what it does not know. Without tokens everybody may call all that is listed, with any deadline or none."""

    def __init__(self, tokens: Tokens | None, limits: Limits, streams: Streams) -> None:
        self._tokens = tokens
        self._limits = limits
        self._streams = streams
        self._refusals = Refusals(limits)
        self._guarded: dict[str, Handler] = {}

    def intercept_service(
        self,
        continuation: Continuation,
        handler_call_details: Any,  # noqa: ANN401 - gRPC's has no types
    ) -> Handler | None:
        """The handler of a call, or one that says why there is none for this caller."""
        method = handler_call_details.method
        try:
            self._admit(method, handler_call_details.invocation_metadata)
        except _DeniedError as error:
            return self._denial(error)
        guarded = self._guarded.get(method)
        if guarded is None:
            handler = continuation(handler_call_details)
            if handler is None:
                return None
            guarded = self._guarded[method] = self._wrapped(method, handler)
        return guarded

    def _admit(self, method: str, metadata: Metadata) -> Grant | None:
        """The caller's grant, None where nobody needs one; raises `_DeniedError`."""
        if method not in SCOPES:
            raise _DeniedError(grpc.StatusCode.PERMISSION_DENIED, "nobody may call this method")
        scope = SCOPES[method]
        if self._tokens is None or scope is None:
            return None
        grant = self._grant(self._tokens, metadata)
        if scope not in grant.scopes:
            why = f"the token {grant.name} may not do this: it takes the scope {scope}"
            raise _DeniedError(grpc.StatusCode.PERMISSION_DENIED, why)
        return grant

    def _grant(self, tokens: Tokens, metadata: Metadata) -> Grant:
        value = next((value for key, value in metadata if key == "authorization"), "")
        if not isinstance(value, str) or not value.startswith(_BEARER):
            raise _DeniedError(grpc.StatusCode.UNAUTHENTICATED, "no token: send authorization: Bearer TOKEN")
        try:
            return tokens.grant(value[len(_BEARER) :])
        except UnknownTokenError as error:
            raise _DeniedError(grpc.StatusCode.UNAUTHENTICATED, str(error)) from error

    def _wrapped(self, method: str, handler: Any) -> Handler:  # noqa: ANN401 - see Handler
        parse, write = handler.request_deserializer, handler.response_serializer
        if handler.request_streaming:
            behave = self._stream(method, handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(behave, parse, write)
        parse = None if parse is None else _tolerant(parse)
        if handler.response_streaming:
            behave = self._stream(method, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(behave, parse, write)
        return grpc.unary_unary_rpc_method_handler(self._unary(handler.unary_unary), parse, write)

    def _unary(self, behave: Behaviour) -> Behaviour:
        longest_s = self._limits.deadline_max_s

        def guarded(request: object, context: grpc.ServicerContext) -> object:
            self._check(request, context, longest_s)
            return behave(request, context)

        if not isinstance(behave, AtOnce):
            return guarded

        def ready(request: object, context: grpc.ServicerContext) -> object:
            return None if self._misfit(request, context, longest_s) else behave.ready(request, context)

        return AtOnce(ready, guarded)

    def _stream(self, method: str, behave: Behaviour) -> Behaviour:
        longest_s = self._limits.stream_deadline_max_s

        def guarded(request: object, context: grpc.ServicerContext) -> Iterator[object]:
            self._check(request, context, longest_s)
            grant = self._still(method, context)
            client = context.peer() if grant is None else grant.name
            if refusal := self._streams.refusal(client):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, refusal)
            if not context.add_callback(lambda: self._streams.close(client)):
                self._streams.close(client)  # The caller has gone already.
                return iter(())
            answers: Iterator[object] = behave(request, context)
            return answers if grant is None else self._while_allowed(method, context, answers)

        return guarded

    def _check(self, request: object, context: grpc.ServicerContext, longest_s: float) -> None:
        if misfit := self._misfit(request, context, longest_s):
            self._refuse(context, grpc.StatusCode.INVALID_ARGUMENT, misfit)

    def _misfit(self, request: object, context: grpc.ServicerContext, longest_s: float) -> str:
        """What is wrong with a call; empty for nothing."""
        if request is _MALFORMED:
            return "the request is no message of this method"
        left_s = 0.0 if self._tokens is None else context.time_remaining()
        if left_s <= longest_s + SLACK_S:
            return ""
        missing = f"is missing, set one of at most {longest_s:g} s"
        return f"deadline: {missing if left_s > NO_DEADLINE_S else f'must be at most {longest_s:g} s away'}"

    def _refuse(self, context: grpc.ServicerContext, code: grpc.StatusCode, why: str) -> NoReturn:
        self._refusals.wait(context.peer())
        context.abort(code, why)
        raise AssertionError  # abort does not return

    def _denial(self, error: _DeniedError) -> Handler:
        """As of a stream in both directions, so that nothing of the request is read."""

        def deny(_requests: object, context: grpc.ServicerContext) -> object:
            self._refuse(context, error.code, str(error))

        return grpc.stream_stream_rpc_method_handler(deny)

    def _still(self, method: str, context: grpc.ServicerContext) -> Grant | None:
        try:
            return self._admit(method, context.invocation_metadata())
        except _DeniedError as error:
            self._refuse(context, error.code, str(error))

    def _while_allowed(self, method: str, context: grpc.ServicerContext, answers: Iterator[object]) -> Iterator[object]:
        """A token that is revoked or expires ends its streams with the next thing they would say."""
        for answer in answers:
            self._still(method, context)
            yield answer


def _tolerant(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Because gRPC would log a traceback for each request that cannot be read and say INTERNAL."""

    def parsed(data: bytes) -> object:
        try:
            return parse(data)
        except DecodeError:
            return _MALFORMED

    return parsed
