"""Times as people type them and as inputs hold them, in epoch milliseconds (UTC)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from wiregraph.errors import UsageError

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:[Zz]|UTC|[+-]\d\d:?\d\d))?)?", re.ASCII
)
_MILLISECONDS = re.compile(r"-?\d{1,15}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str) -> int:
    """Epoch milliseconds of a time given on the command line; raises `UsageError` for anything else.

    Accepted are RFC 3339, epoch milliseconds, and RFC 3339 without its offset, its seconds or its
    time of day, taken as UTC.
    """
    time_ms = to_ms(text)
    if time_ms is None:
        raise UsageError(f"{text!r} is not a time: write RFC 3339 (2008-09-15T13:30:00Z) or epoch milliseconds")
    return time_ms


def to_ms(value: object) -> int | None:
    """Epoch milliseconds of a whole number or of a text that `parse_time` accepts, else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    return int(text) if _MILLISECONDS.fullmatch(text) else _iso_ms(text)


def _iso_ms(text: str) -> int | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+"))
    except ValueError:
        return None
    since_epoch = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000 + since_epoch.microseconds // 1_000


def rfc3339(time_ms: int) -> str:
    """RFC 3339 in UTC, with milliseconds only where there are any; 0001 to 9999, else ValueError or OverflowError."""
    moment = datetime.fromtimestamp(time_ms // 1_000, UTC).replace(microsecond=time_ms % 1_000 * 1_000)
    timespec = "milliseconds" if time_ms % 1_000 else "seconds"
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
