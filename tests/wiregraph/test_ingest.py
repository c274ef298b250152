"""Rows of each format as records; what Kafka gets is tested in test_ingest_command."""

import io

import orjson
import pytest

from udfs.topics import CLICKS, NEWS, POSTS
from wiregraph.errors import UsageError
from wiregraph.ingest import SHOWN_MAX, Tally, Wish, records
from wiregraph.inputs import Format, Input
from wiregraph.mapping import Record
from wiregraph.readers import Unreadable

FEED = """<rss version="2.0"><channel><title>Wire</title><item><guid>1</guid><title>Stocks rise</title>
<pubDate>Mon, 05 Jan 2026 14:30:00 GMT</pubDate></item></channel></rss>"""


def read(wish: Wish, text: str) -> list[Record | Unreadable]:
    stream = io.BytesIO(text.encode())
    return list(records(wish, Input(stream, stream.tell, len(text))))


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (
            Wish(NEWS, Format.JSONL),
            '{"id": "1", "published_at": "2026-01-05T14:30:00Z", "headline": "Stocks rise"}\n',
        ),
        (
            Wish(NEWS, Format.CSV, ["headline=title", "published_at=at"]),
            "id,at,title\n1,2026-01-05T14:30:00Z,Stocks rise\n",
        ),
        (
            Wish(NEWS, Format.TSV, ["headline=title"]),
            "id\tpublished_at\ttitle\n1\t2026-01-05T14:30:00Z\tStocks rise\n",
        ),
        (Wish(NEWS, Format.RSS), FEED),
    ],
    ids=lambda one: one.format if isinstance(one, Wish) else "",
)
def test_each_format_gives_the_same_record(wish: Wish, text: str) -> None:
    (record,) = read(wish, text)
    assert isinstance(record, Record)
    assert (record.key, record.event_time_ms) == (b"1", 1_767_623_400_000)
    assert orjson.loads(record.value)["headline"] == "Stocks rise"


def test_a_row_that_cannot_be_read_stands_in_its_place() -> None:
    text = "id\tpublished_at\theadline\n1\t2026-01-05T14:30:00Z\tA\nbroken\n3\t2026-01-05T14:30:00Z\tC\n"
    assert [type(one) for one in read(Wish(NEWS, Format.TSV), text)] == [Record, Unreadable, Record]


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        (Wish(NEWS, Format.CSV), "id,published_at,title\n"),
        (Wish(NEWS, Format.CSV, ["headline=title"]), "id,published_at,text\n"),
        (Wish(NEWS, Format.JSONL, ["nosuch=title"]), "{}\n"),
        (Wish(CLICKS, Format.RSS), FEED),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_a_row_is_read(wish: Wish, text: str) -> None:
    stream = io.BytesIO(text.encode())
    with pytest.raises(UsageError):
        records(wish, Input(stream, stream.tell, None))


@pytest.mark.parametrize("input_format", [Format.CSV, Format.TSV, Format.JSONL])
def test_an_empty_input_has_no_rows(input_format: Format) -> None:
    assert read(Wish(POSTS, input_format), "") == []


def test_all_that_is_skipped_is_counted_and_the_first_shown() -> None:
    tally = Tally()
    for number in range(SHOWN_MAX + 3):
        tally.skip(Unreadable(number, "why"))
    assert tally.skipped == SHOWN_MAX + 3
    assert [one.number for one in tally.shown] == list(range(SHOWN_MAX))
