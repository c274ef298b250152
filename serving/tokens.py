"""Bearer tokens: a file that holds their hashes, and who a caller is by the token that a call carries.

A token is `wiregraph.NAME.SECRET` with a secret of 256 random bits, so its SHA-256 needs neither salt nor stretching.
The file tells what tokens may do but cannot be used to call.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from serving.scopes import Scope

SECRET_BYTES = 32
NAME_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"
PREFIX = "wiregraph"
LOOK_AGAIN_S = 1.0
"""So soon is a change of the file noticed."""
_FILE_MODE = 0o600

log = logging.getLogger(__name__)


class TokenFileError(Exception):
    """The file of the tokens cannot be used; the message says why, and holds nothing secret."""


class UnknownTokenError(Exception):
    """A token that is none of the file's, or no more; the message says which of the two is known."""


class Grant(BaseModel):
    """What a token allows and until when; `sha256` is of the whole token, in hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    scopes: frozenset[Scope]
    expires: AwareDatetime


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: tuple[Grant, ...] = ()


def new_token(name: str, scopes: Iterable[Scope], expires: datetime) -> tuple[str, Grant]:
    """A token and what is kept of it; raises pydantic's `ValidationError` for a name that is none."""
    token = f"{PREFIX}.{name}.{secrets.token_urlsafe(SECRET_BYTES)}"
    return token, Grant(name=name, sha256=_hashed(token), scopes=frozenset(scopes), expires=expires)


def read_grants(path: Path) -> tuple[Grant, ...]:
    """What a file holds, nothing where there is none; raises `TokenFileError`."""
    try:
        return _File.model_validate_json(path.read_bytes()).tokens
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise TokenFileError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))  # The message would repeat what stands there.
        raise TokenFileError(f"{path} is no file of tokens: look at {where or 'its JSON'}") from error


def write_grants(path: Path, grants: Iterable[Grant]) -> None:
    """Whole or not at all, readable by its owner alone; raises `OSError`."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with os.fdopen(handle, "w") as stream:
        stream.write(_File(tokens=tuple(grants)).model_dump_json(indent=2) + "\n")
        stream.flush()
        os.fsync(handle)
    fresh.replace(path)


class Tokens:
    """The grants of a file as it is now, for any number of threads; what cannot be read grants nothing."""

    def __init__(self, path: Path) -> None:
        """Raises `TokenFileError`, so that a server does not start with a file that is none."""
        self._path = path
        self._stamp = _stamp(path)
        self._grants = {grant.name: grant for grant in read_grants(path)}
        self._look_at = time.monotonic() + LOOK_AGAIN_S

    def grant(self, token: str) -> Grant:
        """What a token allows; raises `UnknownTokenError`, also where it has expired."""
        self._refresh()
        known = self._grants.get(token.partition(".")[2].partition(".")[0])
        # The name is not secret; the hashes are compared in constant time.
        if known is None or not hmac.compare_digest(known.sha256, _hashed(token)):
            raise UnknownTokenError("the token is unknown or revoked")
        if known.expires <= datetime.now(UTC):
            raise UnknownTokenError(f"the token {known.name} has expired")
        return known

    def _refresh(self) -> None:
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_AGAIN_S
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._grants = {grant.name: grant for grant in read_grants(self._path)}
            log.info("tokens were read again: %d", len(self._grants))
        except TokenFileError as error:
            self._grants = {}
            log.error("nobody is let in: %s", error)  # noqa: TRY400 - the traceback says no more


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What is another once a file is written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
