import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.progress import Progress
from serving.versions import VersionError, parse_version, version_of, version_text

OFFSETS = st.dictionaries(st.integers(0, 5), st.integers(0, 10**12))


@given(st.text("abcXYZ019-_", max_size=30), OFFSETS)
def test_a_version_survives_its_text(topic_id: str, offsets: dict[int, int]) -> None:
    progress = Progress(topic_id, offsets)
    assert parse_version(version_text(progress)) == version_of(progress)


@given(OFFSETS, OFFSETS)
def test_a_version_is_reached_in_every_partition_or_not_at_all(left: dict[int, int], right: dict[int, int]) -> None:
    expected = all(right.get(partition, 0) >= offset for partition, offset in left.items())
    assert version_of(Progress("t", left)).reached_by(version_of(Progress("t", right))) == expected


@pytest.mark.parametrize(
    "text",
    ["", "topic", "topic:1.x", "topic:-1", "topic:1..2", "1.2", ": :", "a b:1", "a:b:1", "x: 1", "x:1_0", "x:\u0663"],
)
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(VersionError):
        parse_version(text)
