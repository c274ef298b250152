"""The stack's secret: the key under which users get their pseudonyms, made once, readable by its owner alone.

Whoever has it can tell which pseudonym a known user id has; whoever loses it cannot erase users any more.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from udfs.pseudonyms import PseudonymKeyError, Pseudonyms, load_pseudonyms
from wiregraph.errors import Failure

KEY_BYTES = 32
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def key_file(directory: Path) -> Path:
    """Where the key of the stack in a directory is."""
    return directory / "secrets" / "pseudonym.key"


def ensure_key(directory: Path) -> Path:
    """The file of the stack's key, which is made where there is none; raises Failure where it cannot be."""
    file = key_file(directory)
    try:
        file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        file.parent.chmod(_FOLDER_MODE)
        if not file.exists():
            _write(file, secrets.token_hex(KEY_BYTES))
    except OSError as error:
        raise Failure(f"the key of the pseudonyms cannot be made: {file}: {error.strerror}") from error
    return file


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and never readable by others; a key that another process makes at the same time wins."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with os.fdopen(handle, "w") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(handle)
    with suppress(FileExistsError):
        os.link(fresh, file)
    fresh.unlink()


def stack_pseudonyms(directory: Path) -> Pseudonyms:
    """The pseudonyms of a stack; raises Failure without its key."""
    try:
        return load_pseudonyms(key_file(directory))
    except PseudonymKeyError as error:
        raise Failure(f"{error}: `wiregraph stack up` makes one where there is none") from error
