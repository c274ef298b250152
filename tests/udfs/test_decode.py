"""Decode: every valid record becomes an article, everything else a reason, and nothing raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.decode import HEADLINE_CHARS_MAX, VALUE_BYTES_MAX, Reason, Refused, decode
from udfs.records import Article
from udfs.topics import NEWS, POSTS

TIME_MS = 1_221_436_800_000
NEWS_ITEM = {"id": "a1", "published_at": "2008-09-15T00:00:00Z", "headline": "Lehman files for bankruptcy"}
POST = {"id": "p1", "created_at": TIME_MS, "text": "$AAPL to the moon 🚀"}


def news(**fields: object) -> Article | Refused:
    return decode(NEWS, json.dumps({**NEWS_ITEM, **fields}).encode(), TIME_MS)


def refused(value: bytes | None) -> Reason:
    result = decode(NEWS, value, TIME_MS)
    assert isinstance(result, Refused)
    assert result.detail.isascii()
    return result.reason


def test_news_item_with_everything() -> None:
    article = news(body="Text.", source="wire", channel="c", url="u", lang="en", received_at=TIME_MS + 5, more=[1])
    assert article == Article(
        NEWS, "a1", TIME_MS, TIME_MS + 5, known_assumed=False,
        headline=NEWS_ITEM["headline"], body="Text.", source="wire", channel="c", url="u",
    )  # fmt: skip
    assert article.text == "Lehman files for bankruptcy\n\nText."


def test_known_time_is_assumed_without_received_at() -> None:
    article = news()
    assert isinstance(article, Article)
    assert (article.known_time_ms, article.known_assumed) == (TIME_MS, True)


def test_post_has_no_headline() -> None:
    article = decode(POSTS, json.dumps(POST).encode(), TIME_MS)
    assert isinstance(article, Article)
    assert (article.headline, article.text) == ("", POST["text"])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NO_VALUE),
        (b"", Reason.NO_VALUE),
        (b"\xff\xfe{}", Reason.NOT_UTF8),
        (b'{"id": "\xc3("}', Reason.NOT_UTF8),
        (b"not json", Reason.NOT_JSON),
        (b'{"id": NaN}', Reason.NOT_JSON),
        (b'{"id": ' + b"1" * 5_000 + b"}", Reason.NOT_JSON),
        (b'{"id": "a\x00"}', Reason.NOT_JSON),
        (b"[" * 100_000, Reason.TOO_DEEP),
        (b'{"a":' * 100_000, Reason.TOO_DEEP),
        (rb'{"id": "\ud800"}', Reason.UNENCODABLE),
        (rb'{"id": "\udc00"}', Reason.UNENCODABLE),
        (b"[1]", Reason.WRONG_SHAPE),
        (b'"text"', Reason.WRONG_SHAPE),
        (b"null", Reason.WRONG_SHAPE),
        (b"17", Reason.WRONG_SHAPE),
        (b'{"id": "' + b"x" * VALUE_BYTES_MAX + b'"}', Reason.TOO_LARGE),
    ],
)
def test_bytes_that_are_no_object(value: bytes | None, reason: Reason) -> None:
    assert refused(value) is reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, Reason.MISSING_FIELD),
        ({"headline": None}, Reason.MISSING_FIELD),
        ({"published_at": None}, Reason.MISSING_FIELD),
        ({"headline": " \n\t"}, Reason.EMPTY_FIELD),
        ({"id": ""}, Reason.EMPTY_FIELD),
        ({"id": 7}, Reason.BAD_FIELD),
        ({"id": "x" * 10_000}, Reason.BAD_FIELD),
        ({"id": "a\tb"}, Reason.BAD_FIELD),
        ({"headline": "a\0b"}, Reason.BAD_FIELD),
        ({"headline": ["a"]}, Reason.BAD_FIELD),
        ({"headline": "x" * (HEADLINE_CHARS_MAX + 1)}, Reason.BAD_FIELD),
        ({"body": "x" * 100_001}, Reason.BAD_FIELD),
        ({"source": {}}, Reason.BAD_FIELD),
        ({"published_at": "yesterday"}, Reason.BAD_TIME),
        ({"published_at": "2008-09-15T00:00:00"}, Reason.BAD_TIME),
        ({"published_at": "2008-13-15T00:00:00Z"}, Reason.BAD_TIME),
        ({"published_at": True}, Reason.BAD_TIME),
        ({"published_at": 1.5}, Reason.BAD_TIME),
        ({"published_at": -1}, Reason.BAD_TIME),
        ({"published_at": "1969-12-31T23:59:59Z"}, Reason.BAD_TIME),
        ({"published_at": "9999-01-01T00:00:00Z"}, Reason.FUTURE_TIME),
        ({"published_at": TIME_MS + 86_400_001}, Reason.FUTURE_TIME),
        ({"received_at": "soon"}, Reason.BAD_TIME),
    ],
)
def test_bad_fields(fields: dict[str, Any], reason: Reason) -> None:
    result = news(**fields)
    assert isinstance(result, Refused)
    assert result.reason is reason


@pytest.mark.parametrize("headline", ["\u200fשלום AAPL\u200e", "🚀🚀 to the moon", "e\u0301", "x" * HEADLINE_CHARS_MAX])
def test_odd_text_is_text(headline: str) -> None:
    assert isinstance(news(headline=headline), Article)


@pytest.mark.parametrize(
    ("written", "time_ms"),
    [
        ("2008-09-15T02:00:00+02:00", TIME_MS),
        ("2008-09-15t00:00:00.001z", TIME_MS + 1),
        ("2008-09-15 00:00:00Z", TIME_MS),
        (TIME_MS, TIME_MS),
        (0, 0),
    ],
)
def test_times(written: object, time_ms: int) -> None:
    article = news(published_at=written)
    assert isinstance(article, Article)
    assert article.event_time_ms == time_ms


@given(st.binary(max_size=200), st.sampled_from([NEWS, POSTS]))
def test_any_bytes_give_an_answer(value: bytes, topic: str) -> None:
    assert isinstance(decode(topic, value, TIME_MS), Article | Refused)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["id", "published_at", "headline", "body", "received_at", "url"]), _JSON))
def test_any_fields_give_an_answer(fields: dict[str, Any]) -> None:
    result = decode(NEWS, json.dumps({**NEWS_ITEM, **fields}).encode(), TIME_MS)
    assert isinstance(result, Article | Refused)
    if isinstance(result, Article):
        assert result.text.encode()
        assert result.headline.strip()


@given(st.text(min_size=1, alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")))
def test_text_comes_through_unchanged(text: str) -> None:
    article = news(body=text)
    assert isinstance(article, Article)
    assert article.body == text
