"""Compile the gazetteer: `python -m models.gazetteer --data DATA [--out FOLDER]`.

Same data and curated table, same bytes. The lists' origins and licences stand in the manifest.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
from pathlib import Path

import orjson

from models.gazetteer_build.merge import merge
from models.gazetteer_build.policy import Ambiguity
from models.gazetteer_build.sources import read_indian, read_sec, read_sectors, read_small, read_sp500, read_world
from models.gazetteer_build.table import TableRow, build_table, lines
from models.gazetteer_build.words import read_word_use
from udfs.gazetteer import GAZETTEER_DIR, MANIFEST_NAME, TABLE_NAME

VERSION = "1.0.0"
ORIGINS = (
    {"name": "SEC company tickers", "licence": "public domain (US government)", "gives": "companies, tickers"},
    {"name": "datasets/nasdaq-listings, datasets/nyse-other-listings", "licence": "PDDL-1.0", "gives": "names"},
    {"name": "datasets/s-and-p-500-companies", "licence": "PDDL-1.0", "gives": "names, sectors"},
    {"name": "JerBouma/FinanceDatabase", "licence": "MIT", "gives": "companies, sectors, countries, sizes"},
    {"name": "pyRis/SEntFiN", "licence": "MIT", "gives": "Indian companies and how headlines name them"},
    {"name": "models/gazetteer_build/curated.tsv", "licence": "Apache-2.0", "gives": "names, institutions, history"},
    {
        "name": "Reuters headlines, Reuters-21578, FiNER-ORD, Broad Twitter Corpus, WikiNEuRal",
        "licence": "various; nothing of them is shipped",
        "gives": "word counts that decide how ambiguous a name is",
    },
)


def compile_table(data: Path) -> list[TableRow]:
    """Return the rows of the table for the public lists under `data`."""
    lists = data / "gazetteer"
    rows = merge(read_sec(lists), [*read_world(lists), *read_small(lists)], read_sp500(lists), read_sectors(lists))
    return build_table(rows, read_indian(data / "sentfin"), Ambiguity(read_word_use(data)))


def packed(table: list[TableRow]) -> bytes:
    """Return the table as it is shipped, the same bytes for the same rows."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, filename="", mtime=0) as stream:
        stream.write("".join(f"{line}\n" for line in lines(table)).encode())
    return buffer.getvalue()


def write(table: list[TableRow], out: Path) -> dict[str, object]:
    """Write table and manifest into `out`, keep the manifest's measured figures; return it."""
    out.mkdir(parents=True, exist_ok=True)
    body = packed(table)
    (out / TABLE_NAME).write_bytes(body)
    path = out / MANIFEST_NAME
    known = orjson.loads(path.read_bytes()) if path.exists() else {}
    manifest = {
        "name": "gazetteer",
        "version": VERSION,
        "file": TABLE_NAME,
        "sha256": hashlib.sha256(body).hexdigest(),
        "bytes": len(body),
        "entities": len(table),
        "aliases": sum(len(row.aliases) for row in table),
        "origins": ORIGINS,
        "measured": known.get("measured", {}),
    }
    path.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return manifest


def main() -> None:
    """Compile and write; prints what the table holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=GAZETTEER_DIR)
    arguments = parser.parse_args()
    manifest = write(compile_table(arguments.data), arguments.out)
    print(f"{manifest['entities']} entities, {manifest['aliases']} aliases, {manifest['bytes']} bytes")


if __name__ == "__main__":
    main()
