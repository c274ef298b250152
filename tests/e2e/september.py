"""One wire, replayed several times, one hash: `python -m tests.e2e.september WIRE.tsv.gz --dir DIR --times 3`.

What is there already is used again, so an interrupted run goes on: the wire in Kafka, whole graphs, the replay that was
under way. WIRE has the columns `timestamp_utc`, `title` and `url`. Exits 1 where two dumps differ.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from udfs.topics import NEWS
from wiregraph import stack_control
from wiregraph.stack import load_stack
from wiregraph.stack_control import Wish
from wiregraph.topics_admin import record_counts

WORKERS = (1, 2)
"""By turns: how many there are must not matter."""
COLUMNS = {"published_at": "timestamp_utc", "headline": "title", "id": "url"}


def wiregraph(directory: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """What a command prints; what it says of its progress goes to the terminal."""
    command = [sys.executable, "-m", "wiregraph", *arguments, "--dir", str(directory)]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def feed(directory: Path, wire: Path, limit: int | None) -> int:
    """The wire into Kafka, unless it is there; gives the number of its records."""
    options = {"bootstrap_servers": load_stack(directory).bootstrap}
    (count,) = record_counts(options, [NEWS])
    if not count.records:
        with gzip.open(wire) as lines:
            head = b"".join(islice(lines, None if limit is None else limit + 1))
        maps = [argument for field, column in COLUMNS.items() for argument in ("--map", f"{field}={column}")]
        wiregraph(directory, "ingest", "-", "--topic", NEWS, "--format", "tsv", *maps, stdin=head)
        (count,) = record_counts(options, [NEWS])
    return count.records


def replayed(directory: Path, graph: str, workers: int) -> str:
    """The hash of the dump of a replay's graph, which is made, by so many workers, where it is not complete."""
    start_s = time.monotonic()
    if not (directory / "replays" / f"{graph}.complete").exists():
        wiregraph(directory, "replay", "--topic", NEWS, "--graph", graph, "--parallelism", str(workers))
    dump = wiregraph(directory, "dump", "--graph", graph)
    found = hashlib.sha256(dump).hexdigest()
    print(f"{graph}: {found}, {dump.count(10):,} rows, {time.monotonic() - start_s:.0f} s", flush=True)  # noqa: T201 - it reports
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wire", type=Path)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--limit", type=int, help="so many headlines of it alone")
    arguments = parser.parse_args()
    stack_control.up(Wish(arguments.dir), print)
    try:
        records = feed(arguments.dir, arguments.wire, arguments.limit)
        print(f"{records:,} headlines", flush=True)  # noqa: T201 - it reports
        hashes = {
            replayed(arguments.dir, f"run{number}", WORKERS[number % len(WORKERS)])
            for number in range(1, arguments.times + 1)
        }
    finally:
        stack_control.down(arguments.dir, print)
    sys.exit(f"{len(hashes)} different dumps" if len(hashes) > 1 else 0)


if __name__ == "__main__":
    main()
