from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from serving.client import Listing
from serving.client.convert import KINDS, record
from serving.client.records import Mention, Score
from wiregraph.v1 import graph_pb2


def scores(*sentiments: float | None) -> Listing[Score]:
    messages = [
        graph_pb2.EntityScore(entity_id="eq:LEH", articles=2, sentiment=sentiment, window={"seconds": 3_600})
        for sentiment in sentiments
    ]
    for hour, message in enumerate(messages):
        message.as_of.FromDatetime(datetime(2008, 9, 15, hour, tzinfo=UTC))
    return Listing(Score, tuple(map(record, messages)), indexed_by="as_of")


def test_a_series_is_indexed_by_time_in_utc() -> None:
    frame = scores(0.5, None).to_pandas()
    assert str(frame.index.dtype) == "datetime64[ms, UTC]"
    assert frame.index[1] == pd.Timestamp("2008-09-15T01:00:00Z")
    assert frame["sentiment"].iloc[0] == 0.5
    assert frame["sentiment"].isna().tolist() == [False, True]
    assert frame["articles"].sum() == 4
    assert frame["window"].iloc[0] == timedelta(hours=1)
    assert "details" not in frame


@pytest.mark.parametrize("count", [0, 1, 3])
def test_columns_have_the_same_types_however_many_rows(count: int) -> None:
    dtypes = {name: str(dtype) for name, dtype in scores(*[None] * count).to_pandas().dtypes.items()}
    wanted = {
        "entity_id": "string",
        "articles": "int64",
        "sentiment": "float64",
        "novelty": "float64",
        "window": "timedelta64[ms]",
        "watermark": "datetime64[ms, UTC]",
        "model_versions": "object",
    }
    assert {name: dtypes[name] for name in wanted} == wanted


def test_mentions_have_a_column_a_field() -> None:
    message = graph_pb2.EntityMention(entity_id="eq:LEH", known_assumed=True, model_versions=["ner=1"])
    message.event_time.FromMilliseconds(1_221_436_800_123)
    frame = Listing(Mention, (record(message),)).to_pandas()
    assert frame["event_time"].iloc[0] == pd.Timestamp("2008-09-15T00:00:00.123Z")
    assert pd.isna(frame["known_time"].iloc[0])
    assert (frame["known_assumed"].iloc[0], frame["model_versions"].iloc[0]) == (True, ("ner=1",))
    assert list(frame.columns) == list(Mention.__dataclass_fields__)
    dtypes = {
        name: str(frame[name].dtype) for name in ("similar_24h", "volume_7d", "similarity", "positive", "similar_to")
    }
    assert list(dtypes.values()) == ["int64", "int64", "float64", "float64", "string"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_a_record_has_no_field_that_its_message_has_not(kind: type) -> None:
    message = record(kind())
    assert type(message) is KINDS[kind]


def test_a_list_is_a_sequence() -> None:
    listing = scores(0.1, 0.2, 0.3)
    assert (len(listing), listing[0].sentiment, [one.sentiment for one in listing[1:]]) == (3, 0.1, [0.2, 0.3])
    assert listing.items[2] in listing
    assert not scores()
