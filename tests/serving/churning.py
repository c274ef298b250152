"""A writer with small tables, so that files come and go all the time: `python -m tests.serving.churning STORE`."""

import os
import sys
from pathlib import Path

from rocksdict import Options

from serving import store
from serving.keyspace import Entry
from serving.progress import Progress

ROWS = 50
DISTINCT_BATCHES = 4_000


def batch_key(number: int, row: int) -> bytes:
    return b"r%08d-%02d" % (number % DISTINCT_BATCHES, row)


def main(path: Path) -> None:
    options = store._options

    def small(*, create: bool) -> Options:
        made = options(create=create)
        made.set_write_buffer_size(64 * 1024)
        return made

    store._options = small
    with store.GraphWriter(path) as writer:
        progress = writer.progress() or Progress("topic", {0: 0})
        number = progress.offsets[0]
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        while True:
            number += 1
            value = b"%d " % number + os.urandom(60)
            writer.write(
                [Entry(batch_key(number, row), value) for row in range(ROWS)], [], Progress("topic", {0: number})
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
