"""One generated stream that tests look at."""

from functools import cache

from udfs.topics import CLICKS
from wiregraph.generator import Size, generate
from wiregraph.generator_records import Stream, StreamRecord

SIZE = Size(items=3_000, sessions=150)


@cache
def stream() -> Stream:
    """The stream of seed 3, made once."""
    return generate(3, SIZE)


def items() -> list[StreamRecord]:
    """Its news and posts."""
    return [record for record in stream().records if record.is_read_by_news_job]


def clicks() -> list[StreamRecord]:
    """Its clicks."""
    return [record for record in stream().records if record.topic == CLICKS]
