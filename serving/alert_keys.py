r"""Keys and packed values of what the graph store holds of alerts and of what people say of them.

    r alert/ID                           the row: version, canonical JSON (see `serving.keyspace`)
    D ID                                 when its version was decided, and the number of its latest change
    C ~TIME ID                           alerts, newest event first: state, rule, session and user
    Q NUMBER ID                          alerts in the order of their latest changes, one entry each
    S SUBJECT \0 ID                      alerts of which any version ever named a session or a user
    L KIND \0 SUBJECT \0 BY              the latest label of each (kind, subject, by) as JSON

The ids of alerts, sessions and users hold no NUL. Change numbers rise with each change of the store and
are its own: two stores with the same alerts may number them differently.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from serving.keyspace import ROW, TIME_MAX, row_key, time_bytes

STAMP = b"D"
BY_TIME = b"C"
CHANGE = b"Q"
OF_SUBJECT = b"S"
LABEL = b"L"

ROWS = ROW + b"alert/"

_STAMP = struct.Struct(">QQ")
_TIME_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a row does not hold: epoch ms of the decision, and the number of the latest change."""

    decided_at: int
    change: int


@dataclass(frozen=True, slots=True)
class Brief:
    """As much of an alert as lists are filtered by; `state` is the one that is shown."""

    state: str
    rule: str
    session: str
    user: str


def alert_row_key(alert_id: str) -> bytes:
    """Of the alert's row."""
    return row_key(f"alert/{alert_id}".encode())


def stamp_key(alert_id: str) -> bytes:
    """Of an alert's stamp."""
    return STAMP + alert_id.encode()


def pack_stamp(stamp: Stamp) -> bytes:
    """16 bytes."""
    return _STAMP.pack(stamp.decided_at, stamp.change)


def unpack_stamp(value: bytes) -> Stamp:
    """The inverse of `pack_stamp`."""
    return Stamp(*_STAMP.unpack(value))


def by_time_key(event_time: int, alert_id: str) -> bytes:
    """Of an alert in the index by time."""
    return BY_TIME + time_bytes(TIME_MAX - event_time) + alert_id.encode()


def by_time_bounds(from_ms: int, to_ms: int) -> tuple[bytes, bytes]:
    """The keys [lower, upper) of alerts with an event time in [from, to)."""
    return BY_TIME + time_bytes(TIME_MAX - to_ms + 1), BY_TIME + time_bytes(TIME_MAX - from_ms + 1)


def by_time_id(key: bytes) -> str:
    """The alert of a key in the index by time."""
    return key[len(BY_TIME) + _TIME_LENGTH :].decode()


def pack_brief(brief: Brief) -> bytes:
    """Its fields with NULs between them."""
    return f"{brief.state}\0{brief.rule}\0{brief.session}\0{brief.user}".encode()


def unpack_brief(value: bytes) -> Brief:
    """The inverse of `pack_brief`."""
    return Brief(*value.decode().split("\0"))


def change_key(number: int, alert_id: str) -> bytes:
    """Of an alert's latest change."""
    return CHANGE + time_bytes(number) + alert_id.encode()


def changes_after(number: int) -> tuple[bytes, bytes]:
    """The keys [lower, upper) of all later changes."""
    return CHANGE + time_bytes(number + 1), CHANGE + time_bytes(TIME_MAX)


def change_number(key: bytes) -> int:
    """The number in a key of a change."""
    return int.from_bytes(key[len(CHANGE) : len(CHANGE) + _TIME_LENGTH], "big")


def change_id(key: bytes) -> str:
    """The alert in a key of a change."""
    return key[len(CHANGE) + _TIME_LENGTH :].decode()


def subject_prefix(subject: str) -> bytes:
    """Of the alerts that ever named a subject."""
    return OF_SUBJECT + subject.encode() + b"\0"


def label_prefix(kind: str, subject: str) -> bytes:
    """Of the labels of a subject."""
    return LABEL + kind.encode() + b"\0" + subject.encode() + b"\0"


def label_key(kind: str, subject: str, by: str) -> bytes:
    """Of a label."""
    return label_prefix(kind, subject) + by.encode()
