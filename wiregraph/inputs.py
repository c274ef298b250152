"""Bytes to ingest: a file or standard input, gzipped or not, with how far it has been read."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from wiregraph.errors import UsageError

STDIN = "-"
BUFFER_BYTES = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


class Format(StrEnum):
    """What an input looks like."""

    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    RSS = "rss"


_FORMATS = {
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json": Format.JSONL,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".rss": Format.RSS,
    ".atom": Format.RSS,
    ".xml": Format.RSS,
}


@dataclass(frozen=True, slots=True)
class Input:
    """An open input: `stream` gives its content, unzipped; `position` how many of its `size` bytes were read.

    `size` is None where nobody knows it, as of a pipe.
    """

    stream: BinaryIO
    position: Callable[[], int]
    size: int | None


def guess_format(name: str) -> Format:
    """The format that a file's name tells, JSONL for standard input; raises `UsageError` where it tells none."""
    if name == STDIN:
        return Format.JSONL
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    if suffix not in _FORMATS:
        raise UsageError(f"the name of {name} does not tell its format: add --format jsonl, csv, tsv or rss")
    return _FORMATS[suffix]


@contextmanager
def open_input(name: str) -> Iterator[Input]:
    """Open a file, or standard input for `-`; gzip is known by its first bytes. Raises `UsageError`."""
    if name == STDIN:
        yield _input(sys.stdin.buffer, None)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; here only opening it may fail
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    with file:
        if name.lower().endswith(".gz") and file.peek(len(_GZIP_MAGIC))[: len(_GZIP_MAGIC)] != _GZIP_MAGIC:
            raise UsageError(f"{name} is not gzipped: name it without .gz")
        yield _input(file, Path(name).stat().st_size)


def _input(source: BinaryIO, size: int | None) -> Input:
    head = source.read(len(_GZIP_MAGIC))
    whole = _Rejoined(head, source)
    raw: io.RawIOBase = _Unzipped(whole) if head == _GZIP_MAGIC else whole
    return Input(io.BufferedReader(raw, BUFFER_BYTES), lambda: whole.taken, size)


class _Rejoined(io.RawIOBase):
    """A stream with its first bytes put back; a read gives what is there and waits for no more."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type] # a writable buffer, which typing of 3.11 cannot name
        data = self._head[: len(view)] or self._read(len(view))
        self._head = self._head[len(view) :]
        view[: len(data)] = data
        self.taken += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        read1 = getattr(self._rest, "read1", self._rest.read)
        return bytes(read1(size))


class _Unzipped(io.RawIOBase):
    """A gzipped stream's content; a member that ends early raises EOFError."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._file = gzip.GzipFile(fileobj=io.BufferedReader(raw, BUFFER_BYTES), mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type] # a writable buffer, which typing of 3.11 cannot name
        data = self._file.read1(len(view))
        view[: len(data)] = data
        return len(data)
