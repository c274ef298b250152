"""The values that rules are made of, as people write them and as the engine takes them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from udfs.clicks import PRICE_MAX, Kind
from udfs.records import MICRO

WINDOW_MAX_MS = 600_000
"""No rule looks at more than this, before and behind its trigger together."""
LIST_MAX = 1_000

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000}
_DURATION = re.compile(r"([1-9]\d{0,8})(ms|s|m)", re.ASCII)


def _duration_ms(value: object) -> int:
    parsed = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if parsed is None:
        raise ValueError("write a duration as 90s or 2m")
    time_ms = int(parsed[1]) * _UNITS_MS[parsed[2]]
    if time_ms > WINDOW_MAX_MS:
        raise ValueError(f"no rule looks further than {duration(WINDOW_MAX_MS)}")
    return time_ms


def duration(time_ms: int) -> str:
    """A duration as rules write it, in the largest unit that is exact."""
    unit = next(unit for unit in ("m", "s", "ms") if time_ms % _UNITS_MS[unit] == 0)
    return f"{time_ms // _UNITS_MS[unit]}{unit}"


def _micro(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("write a number")  # noqa: TRY004 - pydantic reports ValueError alone
    try:
        scaled = Decimal(str(value)) * MICRO
    except InvalidOperation:  # pragma: no cover - str of a number always is one
        raise ValueError("write a number") from None
    if not scaled.is_finite() or scaled != int(scaled):
        raise ValueError("write a number with at most 6 decimals")
    if not 0 <= scaled <= PRICE_MAX * MICRO:
        raise ValueError(f"write a number from 0 to {PRICE_MAX}")
    return int(scaled)


def _score_micro(value: object) -> int:
    micro = _micro(value)
    if micro > MICRO:
        raise ValueError("write a number from 0 to 1")
    return micro


def plain_number(micro: int) -> int | float:
    """Micro-units as a person writes the number."""
    return micro // MICRO if micro % MICRO == 0 else micro / MICRO


def _several(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,)


DurationMs = Annotated[int, BeforeValidator(_duration_ms), PlainSerializer(duration)]
Micro = Annotated[int, BeforeValidator(_micro), PlainSerializer(plain_number)]
ScoreMicro = Annotated[int, BeforeValidator(_score_micro), PlainSerializer(plain_number)]
Text = Annotated[str, Field(min_length=1, max_length=512)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several), Field(min_length=1, max_length=LIST_MAX)]
Kinds = Annotated[tuple[Kind, ...], BeforeValidator(_several), Field(min_length=1)]
