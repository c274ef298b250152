"""Keys of input partitions, chosen so that any parallelism gets an equal share of them.

Flink sends a key to the worker that owns its key group, a hash. Few keys, as the partitions of a
topic are, would fall on few workers by chance. So each partition's key carries a salt that puts it
into the key group we want: partitions 0, 1, 2, 3 take the groups 0, 1/2, 1/4, 3/4 of the way, and
so on, in the order of the van der Corput sequence. If Flink's hash should change, only the balance
suffers; a test compares with Flink.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import count

from pyflink.common import Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream, KeyedStream
from pyflink.java_gateway import get_gateway

from udfs.topics import NEWS, POSTS

KEY_GROUPS = 128
"""Flink's maximum parallelism: fixed, so that a savepoint restores at any parallelism up to it."""
PARTITIONS_MAX = 256
"""A topic's partitions beyond so many have keys without salt, so their shares are left to chance."""
ARTICLE_TOPICS = (NEWS, POSTS)
_ROW_OF_ONE = 62
"""What Flink's `Row` of one field adds to the hash of that field."""
_MASK = 0xFFFFFFFF


def keyed(stream: DataStream, value_type: TypeInformation) -> KeyedStream:
    """A stream of rows (key, value, ...) as one of values, keyed by the first column.

    PyFlink's own `key_by` sends each record to Python and back to find its key; here SQL has made it.
    """
    key_type = Types.ROW([Types.STRING()]).get_java_type_info()
    by_first = stream._j_data_stream.keyBy(get_gateway().jvm.KeyByKeySelector(), key_type)  # noqa: SLF001 - no other way
    return KeyedStream(by_first, value_type, stream)


def key_expression(topics: Sequence[str] = ARTICLE_TOPICS) -> str:
    """SQL for the key of a record of a job's input topics by its columns `topic` and `partition`."""
    known = " ".join(f"WHEN '{topic}' THEN ELT(`partition` + 1, {_listed(topic, topics)})" for topic in topics)
    return f"COALESCE(CASE `topic` {known} END, CONCAT(`topic`, '/', CAST(`partition` AS STRING)))"


def _listed(topic: str, topics: Sequence[str]) -> str:
    return ", ".join(f"'{key}'" for key in partition_keys(topic, topics))


def partition_keys(topic: str, topics: Sequence[str]) -> list[str]:
    """The keys of the partitions 0, 1, ... of a topic; those beyond have TOPIC/PARTITION."""
    return [partition_key(topic, partition, tuple(topics)) for partition in range(PARTITIONS_MAX)]


@cache
def partition_key(topic: str, partition: int, topics: tuple[str, ...] = ARTICLE_TOPICS) -> str:
    """The key of an input partition: TOPIC/PARTITION/SALT; `topics` are all that the job reads."""
    index = partition * len(topics) + topics.index(topic)
    wanted = int(f"{index % KEY_GROUPS:07b}"[::-1], 2)
    keys = (f"{topic}/{partition}/{salt}" for salt in count())
    return next(key for key in keys if key_group(key) == wanted)


def key_group(key: str) -> int:
    """Flink's key group of an ASCII string key from Python, 0..127."""
    return _murmur(_java_hash(key) + _ROW_OF_ONE) % KEY_GROUPS


def _java_hash(text: str) -> int:
    """Java's `String.hashCode` as 32 bits without sign, for characters of the basic plane."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & _MASK
    return value


def _murmur(code: int) -> int:
    """The third MurmurHash of one 32-bit word, its absolute value as Java takes it."""
    code = _rotated_left(code * 0xCC9E2D51, 15) * 0x1B873593
    code = (_rotated_left(code, 13) * 5 + 0xE6546B64) & _MASK
    code ^= 4
    code = ((code ^ code >> 16) * 0x85EBCA6B) & _MASK
    code = ((code ^ code >> 13) * 0xC2B2AE35) & _MASK
    code ^= code >> 16
    return code if code < 1 << 31 else (1 << 32) - code


def _rotated_left(code: int, bits: int) -> int:
    code &= _MASK
    return (code << bits | code >> 32 - bits) & _MASK
