"""The shipped gazetteer: a versioned table of companies, institutions, people and places.

Columns: id, name, type, sector, country, size, tickers (joined by spaces, "-" before one that was
the company's formerly), aliases (joined by "|",
each a letter of `udfs.aliases.Policy`, a capital letter if the alias counts only in capitals, and
the alias's key). `models.gazetteer` compiles it; `manifest.json` beside it has version and sha256.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from udfs.aliases import Alias, Gazetteer, Listing, Policy, group_tickers
from udfs.linking import Linker
from udfs.records import Entity, EntityType

GAZETTEER_DIR = Path(__file__).resolve().parent.parent / "models" / "weights" / "gazetteer"
TABLE_NAME = "table.tsv.gz"
MANIFEST_NAME = "manifest.json"
COLUMNS = ("id", "name", "type", "sector", "country", "size", "tickers", "aliases")


class GazetteerError(ValueError):
    """The table is absent, damaged or not of the form above."""


def load_linker(path: Path | None = None) -> Linker:
    """Return a linker over the table in the folder `path` (the shipped one by default).

    Raises `GazetteerError` where the table is missing or is not the one that the manifest names.
    """
    return Linker(load_gazetteer(path))


def load_gazetteer(path: Path | None = None) -> Gazetteer:
    """Read the table in a folder; raises `GazetteerError` like `load_linker`."""
    folder = GAZETTEER_DIR if path is None else path
    try:
        packed = (folder / TABLE_NAME).read_bytes()
        expected = orjson.loads((folder / MANIFEST_NAME).read_bytes())["sha256"]
    except (OSError, KeyError, orjson.JSONDecodeError) as error:
        raise GazetteerError(f"{folder}: {error}") from error
    if hashlib.sha256(packed).hexdigest() != expected:
        raise GazetteerError(f"{folder / TABLE_NAME} is not the table that {MANIFEST_NAME} names")
    return parse_table(gzip.decompress(packed).decode("utf-8").splitlines())


def gazetteer_version(path: Path | None = None) -> str:
    """Return the version that the manifest names."""
    folder = GAZETTEER_DIR if path is None else path
    return str(orjson.loads((folder / MANIFEST_NAME).read_bytes())["version"])


def parse_table(lines: Iterable[str]) -> Gazetteer:
    """Return the gazetteer of a table's lines, the header first; raises `GazetteerError`."""
    rows = iter(lines)
    if tuple(next(rows, "").split("\t")) != COLUMNS:
        raise GazetteerError(f"the table's columns are not {', '.join(COLUMNS)}")
    listings: list[Listing] = []
    aliases: dict[str, Alias] = {}
    tickers: list[tuple[str, int]] = []
    for index, line in enumerate(rows):
        fields = line.split("\t")
        if len(fields) != len(COLUMNS):
            raise GazetteerError(f"row {index + 1} of the table has {len(fields)} columns")
        listings.append(_listing(fields))
        tickers.extend((symbol, index) for symbol in fields[6].split())
        aliases.update(_aliases(fields[7], index))
    return Gazetteer(listings, aliases, group_tickers(tickers))


def _listing(fields: list[str]) -> Listing:
    entity_id, name, entity_type, sector, country, size = fields[:6]
    return Listing(Entity(entity_id, name, EntityType(entity_type), sector), int(size), country)


def _aliases(packed: str, index: int) -> Iterator[tuple[str, Alias]]:
    for alias in packed.split("|") if packed else ():
        letter, key = alias[0], alias[1:]
        yield key, Alias(index, Policy(letter.lower()), capitals=letter.isupper())
