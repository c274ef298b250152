"""Who is to be forgotten: the records of `control` that say so. Pure.

A subject is an entity's id, `session:ID`, or a user's pseudonym `u:HEX`. An erasure holds at once and
for ever: a tombstone or a later record does not take it back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

KEY_PREFIX = b"erase/"
KIND = "erasure"
SUBJECT_CHARS_MAX = 1_024
SESSION = "session:"
SUBJECT_HELP = "write an entity's id (per:jane-doe), session:ID, or a user's pseudonym u: and 32 hex digits"

_USER = re.compile(r"u:[0-9a-f]{32}", re.ASCII)
_ENTITY = re.compile(r"(eq|org|per|loc|sector|topic):[^/\x00]+", re.DOTALL)
_SESSION = re.compile(r"session:[^\x00]+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Erasure:
    """A subject, and when it was asked for in epoch ms."""

    subject: str
    at: int


def is_user(subject: str) -> bool:
    """Whether it is a user's pseudonym."""
    return _USER.fullmatch(subject) is not None


def is_entity(subject: str) -> bool:
    """Whether it is the id of an entity of the graph."""
    return _ENTITY.fullmatch(subject) is not None


def is_subject(subject: str) -> bool:
    """Whether it can be erased."""
    known = is_user(subject) or is_entity(subject) or _SESSION.fullmatch(subject) is not None
    return known and len(subject) <= SUBJECT_CHARS_MAX


def session_subject(session_id: str) -> str:
    """How a session is named as a subject."""
    return SESSION + session_id


def erasure_record_key(erasure: Erasure) -> bytes:
    """The key in Kafka: one record for each subject."""
    return KEY_PREFIX + erasure.subject.encode()


def erasure_value(erasure: Erasure) -> bytes:
    """The value in Kafka."""
    return orjson.dumps({"kind": KIND, "subject": erasure.subject, "at": erasure.at})


def parse_erasure(key: bytes | None, value: bytes | None) -> Erasure | None:
    """The erasure in a record of `control`; None for a record of another kind, or one that cannot be read."""
    if not (key or b"").startswith(KEY_PREFIX):
        return None
    try:
        fields = orjson.loads(value or b"")
        subject, at = fields["subject"], fields["at"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if fields.get("kind") != KIND or not isinstance(subject, str) or type(at) is not int:
        return None
    return Erasure(subject, at) if is_subject(subject) else None
