"""Who may call what: every method of every service that a server has, with the scope that its caller's token needs.

What is not listed here is denied to all, so a new method is closed until somebody decides who may call it.
"""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a token allows; none includes another."""

    READ = "read"
    REVIEW = "review"
    ADMIN = "admin"


def _methods(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"/{service}/{name}" for name in names)


_READ = (
    *_methods(
        "wiregraph.v1.Graph",
        "GetEntity",
        "BatchGetEntities",
        "GetSeries",
        "GetNeighbors",
        "ExpandNeighbors",
        "FindPath",
        "ListMentions",
        "ListTop",
        "ListMovers",
        "ResolveEntities",
        "GetStatus",
        "WatchEntities",
    ),
    *_methods("wiregraph.v1.Fraud", "ListAlerts", "GetAlert", "WatchAlerts"),
    *_methods("grpc.health.v1.Health", "Watch"),
    *_methods("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo"),
)
_REVIEW = _methods("wiregraph.v1.Fraud", "ReviewAlert")
_ADMIN = _methods("wiregraph.v1.Admin", "EraseSubject")
_ANYBODY = _methods("grpc.health.v1.Health", "Check")
"""Probes carry no token, and the answer says nothing but that the server serves. A stream is another matter."""

SCOPES: dict[str, Scope | None] = {
    **dict.fromkeys(_READ, Scope.READ),
    **dict.fromkeys(_REVIEW, Scope.REVIEW),
    **dict.fromkeys(_ADMIN, Scope.ADMIN),
    **dict.fromkeys(_ANYBODY),
}
"""By the method's full path; None is for anybody."""
