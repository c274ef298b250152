from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.changelog import (
    BucketRow,
    ChangelogError,
    CountRow,
    EdgeRow,
    FactRow,
    Grain,
    NodeRow,
    Row,
    fact_key,
    product_micro,
    row_of,
    weighted_micro,
)
from udfs.records import MICRO, Entity, EntityType, Fact

FACT = FactRow(
    entity="org:a",
    topic="news",
    article="x/y",
    event_time=1,
    known_time=2,
    known_assumed=False,
    mentions=3,
    first_position=4,
    sentiment=5,
    relevance=6,
    polarity=1,
    negative=7,
    positive=8,
    models="m=1",
    event_topic="IPO",
    headline="Headline",
    source="",
    url="",
    signature="0f",
    version=1,
)
ROWS: list[tuple[str, Row]] = [
    (fact_key("org:a", "news", "x/y"), FACT),
    ("bucket/org:a/1m/60000", BucketRow("org:a", "1m", 60_000, 1, 2, 3, 4, 5, 6, 7, version=8)),
    ("edge/org:a/org:b/1d/0", EdgeRow("org:a", "org:b", "1d", 0, 1, 2, version=3)),
    ("node/org:a", NodeRow("org:a", "A", "ORG", "", version=1)),
    ("count/news/0", CountRow("news", 0, 1, 2, 3, 4, 5, 6, 7, 8, version=10)),
]
FACTORS = st.lists(st.integers(-MICRO, MICRO), min_size=1, max_size=3)


@given(FACTORS)
def test_products_are_exact_and_rounded_half_away_from_zero(factors: list[int]) -> None:
    exact = Fraction(MICRO)
    for factor in factors:
        exact *= Fraction(factor, MICRO)
    rounded = int(abs(exact) + Fraction(1, 2))
    assert product_micro(*factors) == (rounded if exact >= 0 else -rounded)


def test_halves_go_away_from_zero() -> None:
    assert [product_micro(1, half) for half in (499_999, 500_000, -499_999, -500_000)] == [0, 1, 0, -1]


def test_the_terms_of_a_fact() -> None:
    entity = Entity("org:a", "A", EntityType.ORG)
    fact = Fact(*(entity, "news", "x", 0, 0, False, 1, 0), -400_000, 500_000, -1, 600_000, 200_000, "m=1")
    assert weighted_micro(fact) == (-200_000, 80_000)


def test_a_fact_of_an_earlier_release_has_no_signature() -> None:
    key, row = ROWS[0]
    later = {"negative": 0, "positive": 0, "event_topic": "", "signature": ""}
    fields = {name: value for name, value in asdict(row).items() if name not in later}
    assert asdict(row_of(key.encode(), fields)) == asdict(row) | later


@pytest.mark.parametrize(("key", "row"), ROWS, ids=lambda one: type(one).__name__)
def test_a_row_is_read_by_the_kind_of_its_key(key: str, row: Row) -> None:
    assert row_of(key.encode(), {**asdict(row), "of a later release": 1}) == row


def test_a_fact_of_an_earlier_release_is_read_too() -> None:
    fields = asdict(FACT)
    for name in ("negative", "positive", "event_topic", "signature"):
        del fields[name]
    assert row_of(b"fact/org:a/news/x/y", fields) == replace(FACT, negative=0, positive=0, event_topic="", signature="")


@pytest.mark.parametrize(
    ("key", "fields", "why"),
    [
        (b"", {}, "unknown kind ''"),
        (b"facts/org:a", {}, "unknown kind 'facts'"),
        (b"\xff/org:a", {}, "unknown kind"),
        (b"node/org:a", {"entity": "org:a"}, "node row: .*'name'"),
    ],
)
def test_what_is_no_row_is_refused(key: bytes, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ChangelogError, match=why):
        row_of(key, fields)


def test_a_day_holds_whole_hours_and_minutes() -> None:
    minute, hour, day = (grain.length_ms for grain in (Grain.MINUTE, Grain.HOUR, Grain.DAY))
    assert (day // hour, hour // minute, minute) == (24, 60, 60_000)
