"""What goes wrong with a call, as an exception of its own kind."""

from __future__ import annotations

from typing import Any

import grpc


class AnswerError(Exception):
    """The server answered with an error: `code` is gRPC's, the message names what was wrong, a field first."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"{details} ({code.name})")
        self.code = code
        self.details = details


class UnknownError(AnswerError, LookupError):
    """The graph has no such entity, or there is no such alert."""


class DeniedError(AnswerError):
    """The token is missing, unknown or has expired, or does not allow the call."""


class UnavailableError(AnswerError):
    """Nobody answered within the deadline, though the call was repeated."""


class GraphChangedError(AnswerError):
    """The graph was built anew or another one is served, so what was read before cannot be compared; ask again."""


_KINDS = {
    grpc.StatusCode.NOT_FOUND: UnknownError,
    grpc.StatusCode.UNAUTHENTICATED: DeniedError,
    grpc.StatusCode.PERMISSION_DENIED: DeniedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: UnavailableError,
    grpc.StatusCode.FAILED_PRECONDITION: GraphChangedError,
}


def answer_error(error: Any) -> AnswerError:  # noqa: ANN401 - gRPC's errors have no common type with a code
    """Of an error that gRPC raised."""
    code: grpc.StatusCode = error.code()
    return _KINDS.get(code, AnswerError)(code, error.details() or "")
