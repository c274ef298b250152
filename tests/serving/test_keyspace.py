import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import keyspace
from serving.keyspace import FactKey, FactValue
from udfs.changelog import Grain

IDS = st.text(st.characters(exclude_characters="/", codec="utf-8"), min_size=1, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
TIMES = st.integers(0, 253_402_300_799_999)
INT64 = st.integers(-(2**63), 2**63 - 1)
FACT_KEYS = st.builds(FactKey, IDS, TIMES, IDS, TEXTS)


@given(FACT_KEYS)
def test_a_fact_key_comes_back(key: FactKey) -> None:
    assert keyspace.parse_fact_key(keyspace.fact_key(key)) == key


@given(IDS, st.lists(st.tuples(TIMES, IDS, TEXTS), max_size=8))
def test_facts_of_an_entity_sort_newest_first(entity: str, facts: list[tuple[int, str, str]]) -> None:
    keys = [FactKey(entity, *fact) for fact in facts]
    by_bytes = sorted(keys, key=keyspace.fact_key)
    assert [key.event_time for key in by_bytes] == sorted((key.event_time for key in keys), reverse=True)


@given(FACT_KEYS, IDS)
def test_an_entity_prefix_holds_its_own_facts_only(key: FactKey, entity: str) -> None:
    assert keyspace.fact_key(key).startswith(keyspace.fact_prefix(entity)) == (key.entity == entity)


@given(IDS, TEXTS, IDS, TEXTS)
def test_articles_do_not_share_a_prefix(topic: str, article: str, other_topic: str, other: str) -> None:
    key = keyspace.article_prefix(other_topic, other) + b"eq:A"
    same = (topic, article) == (other_topic, other)
    assert key.startswith(keyspace.article_prefix(topic, article)) == same


@given(IDS, TIMES, TIMES)
def test_buckets_sort_by_time(entity: str, one: int, other: int) -> None:
    prefix = keyspace.bucket_prefix(entity)
    by_bytes = prefix + keyspace.bucket_start(Grain.HOUR, one) < prefix + keyspace.bucket_start(Grain.HOUR, other)
    assert by_bytes == (one < other)


@given(TEXTS, TEXTS)
def test_row_keys_are_one_line_and_tell_rows_apart(one: str, other: str) -> None:
    key = keyspace.row_key(one.encode())
    assert len(key.decode().splitlines()) == 1
    assert b"\t" not in key
    assert (key == keyspace.row_key(other.encode())) == (one == other)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=20))
def test_a_row_value_comes_back(version: int, content: bytes) -> None:
    value = keyspace.row_value(version, content)
    assert (keyspace.row_version(value), keyspace.row_json(value)) == (version, content)


@given(st.tuples(*[INT64] * 8), st.tuples(*[INT64] * 3))
def test_sums_come_back(bucket: tuple[int, ...], edge: tuple[int, int, int]) -> None:
    assert keyspace.unpack_bucket(keyspace.pack_bucket(bucket)) == bucket
    assert keyspace.unpack_edge(keyspace.pack_edge(*edge)) == edge


@given(st.builds(FactValue, INT64, INT64, INT64, INT64, INT64, TEXTS))
def test_a_fact_value_comes_back(fact: FactValue) -> None:
    assert keyspace.unpack_fact(keyspace.pack_fact(fact)) == fact


def test_a_negative_time_has_no_key() -> None:
    with pytest.raises(struct.error):
        keyspace.time_bytes(-1)


def test_a_name_is_found_by_each_of_its_words() -> None:
    keys = keyspace.name_keys("Lehman  Brothers", "eq:LEH")
    assert keys == [b"nbrothers\0eq:LEH", b"nlehman brothers\0eq:LEH"]
