"""What a dead letter says of a refused record, the same for every job."""

from __future__ import annotations

import base64
import hashlib

from udfs.decode import Refused

PAYLOAD_BYTES_MAX = 4_096
"""How much of a refused record its dead letter carries; `payload_sha256` covers all of it."""


def refusal_columns(refused: Refused, payload: bytes | None) -> list[str]:
    """The columns `reason`, `detail`, `payload_sha256` and `payload`."""
    payload = payload or b""
    digest = hashlib.sha256(payload).hexdigest()
    return [refused.reason, refused.detail, digest, base64.b64encode(payload[:PAYLOAD_BYTES_MAX]).decode("ascii")]
