import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.labels import (
    TEXT_CHARS_MAX,
    TIME_MS_MAX,
    Label,
    LabelError,
    LabelKind,
    label_record_key,
    label_value,
    parse_label,
)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=5)
LABELS = st.builds(
    Label,
    subject=TEXTS,
    kind=st.sampled_from(LabelKind).map(str),
    label=TEXTS,
    by=TEXTS,
    at=st.integers(0, TIME_MS_MAX),
    weight=st.floats(allow_nan=False, allow_infinity=False),
    note=TEXTS | st.just(""),
)
FIELDS = orjson.loads(label_value(Label("a1", "alert", "fraud", "ann", 5)))


@given(LABELS)
def test_a_label_travels_as_its_value(label: Label) -> None:
    assert parse_label(label_value(label)) == label
    more = orjson.dumps({**orjson.loads(label_value(label)), "of a later release": 1})
    assert parse_label(more) == label


@given(LABELS, LABELS)
def test_of_two_labels_exactly_one_is_the_latest(one: Label, other: Label) -> None:
    assert (one.order == other.order) == (one == other)
    if one.at != other.at:
        assert (one.order < other.order) == (one.at < other.at)


def test_a_person_has_one_record_for_a_subject() -> None:
    assert label_record_key(Label("a1", "alert", "ok", "ann", 5)) == b"alert/a1/ann"


def test_what_may_be_absent() -> None:
    label = parse_label(b'{"subject": "a1", "kind": "alert", "label": "ok", "by": "ann", "at": 5, "weight": 2}')
    assert label == Label("a1", "alert", "ok", "ann", 5, weight=2.0, note="")
    assert isinstance(label.weight, float)


@pytest.mark.parametrize("at", [0, TIME_MS_MAX])
def test_the_first_and_the_last_moment_are_times(at: int) -> None:
    assert parse_label(orjson.dumps(FIELDS | {"at": at})).at == at


@pytest.mark.parametrize(
    "change",
    [
        {"subject": ""},
        {"by": None},
        {"label": 7},
        {"label": "x" * (TEXT_CHARS_MAX + 1)},
        {"note": "a\0b"},
        {"kind": "user"},
        {"at": -1},
        {"at": TIME_MS_MAX + 1},
        {"at": 1.0},
        {"at": True},
        {"weight": "1"},
        {"weight": None},
        {"weight": True},
    ],
    ids=str,
)
def test_what_is_no_label_is_refused_without_its_content(change: dict[str, object]) -> None:
    with pytest.raises(LabelError) as caught:
        parse_label(orjson.dumps(FIELDS | change))
    assert "a1" not in str(caught.value)
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"7", b"{}", b'{"weight": 1e999}'])
def test_what_is_no_object_is_refused(value: bytes | None) -> None:
    with pytest.raises(LabelError):
        parse_label(value)


def test_a_weight_is_finite() -> None:
    assert all(math.isfinite(parse_label(orjson.dumps(FIELDS | {"weight": one})).weight) for one in (0, 1e308, -1))
