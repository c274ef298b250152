"""Between Python's types and protobuf's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from serving.client import records
from wiregraph.v1 import fraud_pb2, graph_pb2

Time = datetime | str | int
"""With a zone, RFC 3339, or epoch milliseconds."""
Window = timedelta | str
"""Whole minutes, also as 5m, 24h or 7d."""

RecordT = TypeVar("RecordT")
MessageT = TypeVar("MessageT", bound=Message)

KINDS: dict[type[Message], type] = {
    graph_pb2.EntityScore: records.Score,
    graph_pb2.Neighbor: records.Neighbor,
    graph_pb2.Reached: records.Reached,
    graph_pb2.FindPathResponse: records.Path,
    graph_pb2.Mover: records.Mover,
    graph_pb2.Details: records.Details,
    graph_pb2.Share: records.Share,
    graph_pb2.RelatedEntity: records.Related,
    graph_pb2.EntityMention: records.Mention,
    graph_pb2.Candidate: records.Candidate,
    graph_pb2.Counts: records.Counts,
    graph_pb2.GetStatusResponse: records.Status,
    fraud_pb2.Alert: records.Alert,
    fraud_pb2.AlertEvent: records.AlertEvent,
    fraud_pb2.Review: records.Review,
    fraud_pb2.EraseSubjectResponse: records.Erased,
}
"""Which record a message becomes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOW = re.compile(r"([1-9]\d{0,8})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def record(message: Message) -> Any:  # noqa: ANN401 - what it is, KINDS says
    """The record of a message."""
    kind = KINDS[type(message)]
    return kind(**{field.name: _value(message, field.name) for field in fields(kind)})


def _value(message: Message, name: str) -> Any:  # noqa: ANN401 - a field's value
    field = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if field.label == FieldDescriptor.LABEL_REPEATED:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return dict(value)
        return tuple(map(_plain, value))
    if field.has_presence and not message.HasField(name):
        return record(value) if type(value) is graph_pb2.Counts else None
    return _plain(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field's value
    if isinstance(value, Timestamp):
        return time_of(value)
    if isinstance(value, Duration):
        return value.ToTimedelta()
    return record(value) if isinstance(value, Message) else value


def time_of(stamp: Timestamp) -> datetime:
    """In UTC."""
    return stamp.ToDatetime(UTC)


def request(kind: type[MessageT], **given: object) -> MessageT:
    """A message with the fields that are not None; raises `ValueError` for a time or a window that is none."""
    message = kind()
    for name, value in given.items():
        if value is not None:
            _set(message, name, value)
    return message


def _set(message: Message, name: str, value: Any) -> None:  # noqa: ANN401 - a field's value
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.label == FieldDescriptor.LABEL_REPEATED:
        getattr(message, name).extend(value)
    elif field.message_type is None:
        setattr(message, name, value)
    elif field.message_type is Timestamp.DESCRIPTOR:
        getattr(message, name).CopyFrom(_timestamp(value))
    else:
        getattr(message, name).CopyFrom(_duration(value))


def _timestamp(value: Time) -> Timestamp:
    time_ms = value if isinstance(value, int) else _time_ms(value)
    return Timestamp(seconds=time_ms // 1_000, nanos=time_ms % 1_000 * 1_000_000)


def _time_ms(value: datetime | str) -> int:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if moment.tzinfo is None:
        if isinstance(value, datetime):
            raise ValueError(f"{value} has no zone: give it one, such as tzinfo=UTC")
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _duration(value: Window) -> Duration:
    answer = Duration()
    answer.FromTimedelta(value if isinstance(value, timedelta) else _length(value))
    return answer


def _length(text: str) -> timedelta:
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no window: write minutes, hours or days, such as 5m, 24h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def all_of(values: str | Iterable[str]) -> list[str]:
    """One or many, as a list."""
    return [values] if isinstance(values, str) else list(values)
