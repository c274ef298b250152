"""Keys of partitions: every parallelism gets an equal share, by Flink's own hash."""

from collections import Counter

import pytest

from jobs.keys import KEY_GROUPS, key_group, partition_key
from udfs.topics import NEWS, POSTS


def owner(key: str, parallelism: int) -> int:
    """The worker of a key, by Flink's formula for the ranges of key groups."""
    return key_group(key) * parallelism // KEY_GROUPS


@pytest.mark.parametrize("parallelism", [1, 2, 4, 8])
def test_partitions_are_shared_equally(parallelism: int) -> None:
    keys = [partition_key(topic, partition) for topic in (NEWS, POSTS) for partition in range(4)]
    shares = Counter(owner(key, parallelism) for key in keys)
    assert set(shares.values()) == {8 // parallelism}


def test_a_key_names_its_partition_and_is_its_own() -> None:
    keys = {partition_key(topic, partition) for topic in (NEWS, POSTS) for partition in range(100)}
    assert len(keys) == 200
    assert partition_key(NEWS, 7).startswith("news/7/")


@pytest.mark.jvm
def test_key_groups_are_those_of_flink() -> None:
    from pyflink.java_gateway import get_gateway  # noqa: PLC0415 - starts a JVM

    jvm = get_gateway().jvm
    row = jvm.org.apache.flink.types.Row(1)
    for key in [partition_key(NEWS, 0), partition_key(POSTS, 3), "", "a", "~" * 50]:
        row.setField(0, key)
        flinks = jvm.org.apache.flink.runtime.state.KeyGroupRangeAssignment.assignToKeyGroup(row, KEY_GROUPS)
        assert key_group(key) == flinks
