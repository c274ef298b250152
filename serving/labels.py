"""What people, and later weaker sources, say of an alert, a mention or an article: the records of `labels`. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isfinite
from typing import Any

import orjson

TEXT_CHARS_MAX = 2_048
TIME_MS_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""


class LabelKind(StrEnum):
    """What a label is about."""

    ALERT = "alert"
    MENTION = "mention"
    ARTICLE = "article"


class Verdict(StrEnum):
    """What a reviewer says of an alert."""

    FRAUD = "fraud"
    OK = "ok"


class LabelError(ValueError):
    """A record of `labels` that is none; the message holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class Label:
    """One person's word on one subject; `at` in epoch ms, `weight` 1 for a person's own verdict."""

    subject: str
    kind: str
    label: str
    by: str
    at: int
    weight: float = 1.0
    note: str = ""

    @property
    def order(self) -> tuple[int, bytes]:
        """Of two labels with one key the higher one wins; where the times are equal, their bytes decide."""
        return self.at, label_value(self)


def label_record_key(label: Label) -> bytes:
    """The key in Kafka: one record for each person and subject."""
    return f"{label.kind}/{label.subject}/{label.by}".encode()


def label_value(label: Label) -> bytes:
    """The value in Kafka and in the store: JSON, the same label gives the same bytes."""
    return orjson.dumps(asdict(label), option=orjson.OPT_SORT_KEYS)


def parse_label(value: bytes | None) -> Label:
    """The inverse of `label_value`; unknown fields are ignored. Raises `LabelError`."""
    try:
        fields = orjson.loads(value or b"")
    except orjson.JSONDecodeError as error:
        raise LabelError("no JSON") from error
    if not isinstance(fields, dict):
        raise LabelError("no JSON object")
    texts = {name: _text(fields, name) for name in ("subject", "kind", "label", "by")}
    if "" in texts.values():
        raise LabelError("subject, kind, label or by is empty")
    if texts["kind"] not in set(LabelKind):
        raise LabelError("an unknown kind")
    return Label(**texts, at=_time(fields.get("at")), weight=_weight(fields), note=_text(fields, "note"))


def _text(fields: dict[str, Any], name: str) -> str:
    text = fields.get(name, "")
    if not isinstance(text, str) or len(text) > TEXT_CHARS_MAX or "\0" in text:
        raise LabelError(f"{name} is no text, too long or holds a NUL")
    return text


def _time(at: object) -> int:
    if type(at) is not int or not 0 <= at <= TIME_MS_MAX:
        raise LabelError("`at` is not in epoch milliseconds")
    return at


def _weight(fields: dict[str, Any]) -> float:
    weight = fields.get("weight", 1.0)
    if type(weight) not in {int, float} or not isfinite(weight):
        raise LabelError("weight is no number")
    return float(weight)
