"""Pseudonyms of users: what the system knows of a person instead of the id that the producer sent."""

from __future__ import annotations

import hashlib
from pathlib import Path

PREFIX = "u:"
HEX_CHARS = 32
KEY_BYTES_MIN = 16
CACHED_MAX = 65_536


class PseudonymKeyError(ValueError):
    """A key that cannot be used; the message never holds any of it."""


class Pseudonyms(dict[str, str]):
    """Calls give "u:" and 32 hex digits of HMAC-SHA256(key, user id); the latest 65,536 users are remembered.

    Without the key nobody can tell which pseudonym is whose; with another key all pseudonyms are others.
    """

    def __init__(self, key: bytes) -> None:
        super().__init__()
        if len(key) < KEY_BYTES_MIN:
            raise PseudonymKeyError(
                f"the key of the pseudonyms has {len(key)} bytes, at least {KEY_BYTES_MIN} are needed"
            )
        block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")  # noqa: PLR2004 - SHA-256's block
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    __call__ = dict.__getitem__
    """The pseudonym of a user id that UTF-8 can encode."""

    def __missing__(self, user_id: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(user_id.encode())
        outer.update(inner.digest())
        if len(self) >= CACHED_MAX:
            self.clear()
        made = self[user_id] = PREFIX + outer.hexdigest()[:HEX_CHARS]
        return made


def load_pseudonyms(key_file: Path) -> Pseudonyms:
    """The pseudonyms under the key in a file, white space around it left out; raises PseudonymKeyError."""
    try:
        return Pseudonyms(key_file.read_bytes().strip())
    except OSError as error:
        raise PseudonymKeyError(f"the key of the pseudonyms cannot be read: {key_file}: {error.strerror}") from error
