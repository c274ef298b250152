"""The limit of the news job: the same decoding and models in a bare loop, no Flink, no Kafka.

python -m benchmarks.plain_loop COUNT    prints articles a second, loading left out
"""

from __future__ import annotations

import sys
import time

from benchmarks.texts import articles
from udfs.decode import decode
from udfs.reader import load_reader
from udfs.records import Article

WARM_UP = 50


def main() -> None:
    """Read COUNT articles and print the rate."""
    records = articles(int(sys.argv[1]))
    reader = load_reader()
    started_s = 0.0
    for index, record in enumerate([*records[:WARM_UP], *records]):
        if index == WARM_UP:
            started_s = time.perf_counter()
        article = decode(record.topic, record.value, record.record_time_ms)
        if isinstance(article, Article):
            reader.read(article)
    print(len(records) / (time.perf_counter() - started_s))


if __name__ == "__main__":
    main()
