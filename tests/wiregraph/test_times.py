import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiregraph.errors import UsageError
from wiregraph.times import parse_time, rfc3339, to_ms

SEPTEMBER_1_4H = 1_220_241_600_000
YEAR_1_MS, YEAR_9999_MS = -62_135_596_800_000, 253_402_300_799_999


@pytest.mark.parametrize(
    "text",
    [
        "2008-09-01T04:00:00Z",
        "2008-09-01t04:00:00z",
        "2008-09-01T04:00:00.000Z",
        "2008-09-01T06:00:00+02:00",
        "2008-09-01T00:00:00-0400",
        "2008-09-01 04:00:00",
        "2008-09-01 04:00",
        "2008-09-01 04:00:00 UTC",
        " 2008-09-01 06:00:00 +02:00 ",
        "1220241600000",
    ],
)
def test_the_same_moment_in_many_forms(text: str) -> None:
    assert parse_time(text) == SEPTEMBER_1_4H


def test_a_date_is_its_midnight_in_utc() -> None:
    assert parse_time("2008-09-01") == SEPTEMBER_1_4H - 4 * 3_600_000


@pytest.mark.parametrize("text", ["", "yesterday", "2008-13-01", "2008-09-01T25:00:00Z", "2008-W36-1", "1e12"])
def test_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="RFC 3339"):
        parse_time(text)


def test_digits_alone_are_milliseconds_even_where_they_look_like_a_date() -> None:
    assert parse_time("20080901") == 20_080_901


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
def test_what_is_neither_text_nor_a_whole_number_is_no_time(value: object) -> None:
    assert to_ms(value) is None


@given(st.integers(YEAR_1_MS, YEAR_9999_MS))
def test_written_times_read_back(time_ms: int) -> None:
    assert parse_time(rfc3339(time_ms)) == time_ms


@given(st.text())
def test_any_text_is_a_time_or_is_none(text: str) -> None:
    found = to_ms(text)
    assert found is None or isinstance(found, int)
