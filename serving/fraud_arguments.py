"""Requests of the Fraud and Admin services are checked here; what may be secret is not repeated in a refusal."""

from __future__ import annotations

import base64
import binascii
import hashlib

from serving import alert_keys, erasures
from serving.arguments import BadArgumentError, time_ms
from serving.fraud_queries import AlertFilter
from serving.labels import TIME_MS_MAX, Verdict
from udfs.alerts import AlertState
from wiregraph.v1 import fraud_pb2

BY_CHARS_MAX = 200
NOTE_CHARS_MAX = 2_000
ID_CHARS_MAX = 512
_DIGEST_BYTES = 8


def alert_id(value: str) -> str:
    """An alert's id."""
    if not value:
        raise BadArgumentError("alert_id", "must not be empty")
    if len(value) > ID_CHARS_MAX or "\0" in value:
        raise BadArgumentError("alert_id", "is none: too long or with a NUL")
    return value


def verdict(value: str) -> str:
    """`fraud` or `ok`."""
    if value not in set(Verdict):
        raise BadArgumentError("verdict", f"must be one of {', '.join(Verdict)}, not {value[:40]!r}")
    return value


def reviewer(value: str) -> str:
    """Who says so."""
    if not value.strip():
        raise BadArgumentError("by", "must not be empty: a verdict is somebody's")
    if len(value) > BY_CHARS_MAX or not value.isprintable():
        raise BadArgumentError("by", f"must be at most {BY_CHARS_MAX} printable characters")
    return value


def note(value: str) -> str:
    """What the reviewer adds."""
    if len(value) > NOTE_CHARS_MAX or "\0" in value:
        raise BadArgumentError("note", f"must be at most {NOTE_CHARS_MAX} characters, none of them NUL")
    return value


def subject(value: str) -> str:
    """Who is to be erased; the refusal does not repeat it, since it may be a user's own id."""
    if not erasures.is_subject(value):
        raise BadArgumentError("subject", f"is none: {erasures.SUBJECT_HELP}")
    return value


def alert_filter(request: fraud_pb2.ListAlertsRequest) -> AlertFilter:
    """Which alerts a list has."""
    if request.state and request.state not in set(AlertState):
        raise BadArgumentError("state", f"must be one of {', '.join(AlertState)}, not {request.state[:40]!r}")
    if request.user and not erasures.is_user(request.user):
        raise BadArgumentError("user", "must be a pseudonym, u: and 32 hex digits")
    from_ms, to_ms = time_ms(request, "from"), time_ms(request, "to")
    asked = AlertFilter(
        state=request.state,
        rule=request.rule,
        session_id=request.session_id,
        user=request.user,
        from_ms=from_ms or 0,
        to_ms=TIME_MS_MAX + 1 if to_ms is None else to_ms,
    )
    if asked.from_ms >= asked.to_ms:
        raise BadArgumentError("from", "must lie before `to`")
    return asked


def page_token(asked: AlertFilter, last_key: bytes) -> str:
    """What a client hands back to go on."""
    return base64.urlsafe_b64encode(_digest(asked) + last_key).decode()


def parse_page_token(token: str, asked: AlertFilter) -> bytes | None:
    """The key of the last alert that was listed, None for an empty token."""
    if not token:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BadArgumentError("page_token", "is none that was given out") from error
    digest, key = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if digest != _digest(asked) or not key.startswith(alert_keys.BY_TIME):
        raise BadArgumentError("page_token", "belongs to another list")
    return key


def _digest(asked: AlertFilter) -> bytes:
    return hashlib.sha256(repr(asked).encode()).digest()[:_DIGEST_BYTES]
