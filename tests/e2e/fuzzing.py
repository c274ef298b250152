"""Input that nobody meant: articles with bytes, fields and values changed at random; a function of its seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from udfs.topics import NEWS, POSTS
from wiregraph.generator import Size, generate
from wiregraph.generator_records import Fate
from wiregraph.producing import Outgoing

Chance = random.Random

ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, -0.0, 2**63 - 1, 2**53 + 1, "", " ", "\0", "\u202e", "\ufeff", "x" * 600, "é" * 1_001,
    "1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-05", "now", [], {}, [[]], {"a": {"b": []}}, "\U0010ffff",
)  # fmt: skip
ODD_BYTES = (
    b"", b"\0", b"null", b"[]", b"{}", b'"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 5_000, b'{"a":' * 5_000,
    b'{"id":' + b"9" * 5_000 + b"}", b'{"id":NaN}', rb'{"id":"\ud800"}', b'{"id":"a","id":"b"}', b"\x1f\x8b\x08\x00",
)  # fmt: skip
"""What breaks parsers."""


def fuzzed(seed: int, count: int) -> Iterator[Outgoing]:
    """So many records of `news` and `posts`; some are sound all the same."""
    chance = Chance(seed)
    size = Size(items=500, sessions=0)
    sound = [one for one in generate(seed, size).records if one.topic in {NEWS, POSTS} and one.fate is Fate.ARTICLE]
    for number in range(count):
        record = chance.choice(sound)
        changed = chance.choice(CHANGES)(chance, {**orjson.loads(record.value or b""), "id": f"fuzz-{number}"})
        key = chance.choice((f"fuzz-{number}".encode(), b"\xff", None))
        yield Outgoing(record.topic, key, changed, chance.choice((*[record.record_time_ms] * 9, 0)))


def _bytes(chance: Chance, fields: dict[str, Any]) -> bytes:
    value = bytearray(orjson.dumps(fields))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(value) + 1)
        value[at : at + chance.choice((0, 1, 1, 3))] = chance.randbytes(chance.choice((0, 1, 1, 2)))
    return bytes(value)


def _cut(chance: Chance, fields: dict[str, Any]) -> bytes:
    value = orjson.dumps(fields)
    return value[: chance.randrange(len(value))]


def _value(chance: Chance, fields: dict[str, Any]) -> bytes:
    return orjson.dumps({**fields, chance.choice(list(fields)): chance.choice(ODD_VALUES)})


def _values(chance: Chance, fields: dict[str, Any]) -> bytes:
    return orjson.dumps({name: chance.choice((value, *ODD_VALUES)) for name, value in fields.items()})


def _without(chance: Chance, fields: dict[str, Any]) -> bytes:
    gone = chance.choice(list(fields))
    return orjson.dumps({name: value for name, value in fields.items() if name != gone})


def _swapped(chance: Chance, fields: dict[str, Any]) -> bytes:
    values = list(fields.values())
    chance.shuffle(values)
    return orjson.dumps(dict(zip(fields, values, strict=True)))


def _odd(chance: Chance, _fields: dict[str, Any]) -> bytes:
    return chance.choice((*ODD_BYTES, chance.randbytes(chance.randrange(300))))


CHANGES: tuple[Callable[[Chance, dict[str, Any]], bytes], ...] = (
    _bytes,
    _cut,
    _value,
    _values,
    _without,
    _swapped,
    _odd,
)
