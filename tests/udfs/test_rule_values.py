import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from udfs.clicks import PRICE_MAX
from udfs.records import MICRO
from udfs.rule_values import LIST_MAX, WINDOW_MAX_MS, DurationMs, Kinds, Micro, ScoreMicro, Texts, duration

DURATION: TypeAdapter[int] = TypeAdapter(DurationMs)
NUMBER: TypeAdapter[int] = TypeAdapter(Micro)
SCORE: TypeAdapter[int] = TypeAdapter(ScoreMicro)
TEXTS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Texts)
KINDS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Kinds)


@given(st.integers(1, WINDOW_MAX_MS))
def test_a_duration_is_read_as_it_is_written(time_ms: int) -> None:
    assert DURATION.validate_python(duration(time_ms)) == time_ms
    assert DURATION.dump_python(time_ms) == duration(time_ms)


@pytest.mark.parametrize(("time_ms", "written"), [(120_000, "2m"), (90_000, "90s"), (1_500, "1500ms")])
def test_a_duration_is_written_in_the_largest_unit_that_is_exact(time_ms: int, written: str) -> None:
    assert duration(time_ms) == written


@pytest.mark.parametrize("value", [90, "90", "1.5m", "-1s", "0s", "01s", "1h", "2m ", "٢m", "601s", "11m", None, True])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(value)


@given(st.integers(0, PRICE_MAX * MICRO))
def test_a_number_is_read_as_it_is_written(micro: int) -> None:
    written = NUMBER.dump_python(micro)
    assert NUMBER.validate_python(written) == micro
    assert isinstance(written, int) == (micro % MICRO == 0)


@pytest.mark.parametrize(("value", "micro"), [(0.3, 300_000), (199.999999, 199_999_999), (1e9, 10**15), (2, 2 * MICRO)])
def test_numbers_are_the_decimals_that_people_write(value: float, micro: int) -> None:
    assert NUMBER.validate_python(value) == micro


@pytest.mark.parametrize(
    "value", ["1", True, None, -0.1, 0.0000001, PRICE_MAX + 1, float("nan"), float("inf"), 10**400, 1e308]
)
def test_what_is_no_price_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        NUMBER.validate_python(value)


def test_a_score_ends_at_one() -> None:
    assert SCORE.validate_python(1) == MICRO
    with pytest.raises(ValidationError, match="from 0 to 1"):
        SCORE.validate_python(1.000001)


def test_one_is_a_list_of_one() -> None:
    assert TEXTS.validate_python("SAVE10") == ("SAVE10",)
    assert KINDS.validate_python(["view", "purchase"]) == ("view", "purchase")


@pytest.mark.parametrize("value", [[], "", [""], ["a", 1], "x" * 513, ["a"] * (LIST_MAX + 1), None, {"a": 1}])
def test_what_is_no_list_of_texts_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TEXTS.validate_python(value)
