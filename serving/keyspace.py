r"""The layout of the graph store: every key and every packed value, and nothing else.

    r KEY                                a row of the changelog: version, canonical JSON
    m                                    progress: offsets, watermark, counters (JSON)
    f ENTITY / ~TIME TOPIC / ARTICLE     facts of an entity, newest first
    a TOPIC / LENGTH ARTICLE ENTITY      facts of an article
    b ENTITY / GRAIN START               buckets of an entity, many side by side (see `serving.bucket_rows`)
    t GRAIN START ENTITY                 buckets of a time
    d ENTITY / DAY                       minutes of the facts that repeat a story (see `serving.repeats`)
    e ENTITY / GRAIN START OTHER         edges of an entity, stored from both ends
    n NAME \0 ENTITY                      where a word of a node's name begins
    s SECTOR / ENTITY                     members of a sector, with the sector's name
    k ~KNOWN                              the first event known by then (see `serving.beginnings`)
    c NUMBER                             what a batch changed (see `serving.changes`)
    x SUBJECT                            an erased entity, session, user or alert: nothing of it comes back

What belongs to alerts, whose rows are `r alert/ID`, is in `serving.alert_keys`. Numbers are
big-endian, so bytes sort as they do; ~TIME is counted down from 2^63 - 1 ms. An entity id and a topic
hold no slash. Everything but `r`, `x`, `m` and `c` is derived from `r`, and written with it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from udfs.changelog import Grain

ROW = b"r"
PROGRESS = b"m"
FACT = b"f"
ARTICLE = b"a"
BUCKET = b"b"
BUCKET_BY_TIME = b"t"
REPEAT = b"d"
EDGE = b"e"
NAME = b"n"
MEMBER = b"s"
BEGINNING = b"k"
ERASED = b"x"
CHANGE = b"c"

TIME_MAX = 2**63 - 1
GRAIN_BYTES = {Grain.MINUTE: b"1", Grain.HOUR: b"2", Grain.DAY: b"3"}
GRAINS = {code: grain for grain, code in GRAIN_BYTES.items()}

_TIME = struct.Struct(">Q")
_LENGTH = struct.Struct(">I")
_BUCKET = struct.Struct(">8q")
_EDGE = struct.Struct(">3q")
_FACT = struct.Struct(">5qB")
_ESCAPES = {code: f"\\u{code:04x}" for code in [*range(0x20), 0x7F, 0x85, 0x2028, 0x2029]} | {0x5C: "\\\\"}

Packed = tuple[int, ...]
"""A bucket as it is stored: articles, mentions, weight, weighted, weighted_square, positive, neutral, negative."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A derived key and its value."""

    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class FactKey:
    """Which fact an entry of the index by time stands for."""

    entity: str
    event_time: int
    topic: str
    article: str


@dataclass(frozen=True, slots=True)
class FactValue:
    """What scores need of a fact; sentiment and relevance in micro-units, `polarity` -1, 0 or 1.

    `signature` is that of `udfs.similarity`, or empty.
    """

    known_time: int
    mentions: int
    sentiment: int
    relevance: int
    polarity: int
    models: str
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact of the index by time."""

    key: FactKey
    value: FactValue


def after_prefix(prefix: bytes) -> bytes:
    """The lowest key above all that begin with a prefix, which is not all 0xff."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1])


def time_bytes(time_ms: int) -> bytes:
    """8 bytes that sort by time; raises `struct.error` for a negative one."""
    return _TIME.pack(time_ms)


def row_key(changelog_key: bytes) -> bytes:
    """Of a changelog key in UTF-8; control characters and backslashes are escaped.

    So a dump, which prints a key on one line, is sorted as the store is.
    """
    return ROW + changelog_key.decode().translate(_ESCAPES).encode()


def erased_key(subject: str) -> bytes:
    """Of the guard that keeps an erased subject away."""
    return ERASED + subject.encode()


def change_key(number: int) -> bytes:
    """Of what a batch changed."""
    return CHANGE + _TIME.pack(number)


def row_value(version: int, canonical: bytes) -> bytes:
    """A row's version (0..2^64 - 1) and the rest of it as JSON."""
    return _TIME.pack(version) + canonical


def row_version(value: bytes) -> int:
    """The version of a stored row."""
    return int.from_bytes(value[:8], "big")


def row_json(value: bytes) -> bytes:
    """A stored row without its version."""
    return value[8:]


def fact_prefix(entity: str) -> bytes:
    """Of all facts of an entity, newest first."""
    return FACT + entity.encode() + b"/"


def fact_key(key: FactKey) -> bytes:
    """Of a fact in the index by time."""
    time = _TIME.pack(TIME_MAX - key.event_time)
    return fact_prefix(key.entity) + time + key.topic.encode() + b"/" + key.article.encode()


def parse_fact_key(key: bytes) -> FactKey:
    """The inverse of `fact_key`; raises `ValueError` for another key."""
    entity, rest = key[1:].split(b"/", 1)
    topic, article = rest[8:].split(b"/", 1)
    return FactKey(entity.decode(), TIME_MAX - int.from_bytes(rest[:8], "big"), topic.decode(), article.decode())


def article_prefix(topic: str, article: str) -> bytes:
    """Of all facts of an article; the length keeps it from being the prefix of another article's."""
    encoded = article.encode()
    return ARTICLE + topic.encode() + b"/" + _LENGTH.pack(len(encoded)) + encoded


def bucket_prefix(entity: str) -> bytes:
    """Of the buckets of an entity, by grain, oldest first."""
    return BUCKET + entity.encode() + b"/"


def repeat_prefix(entity: str) -> bytes:
    """Of the days on which an entity has repeats, oldest first."""
    return REPEAT + entity.encode() + b"/"


def edge_prefix(entity: str) -> bytes:
    """Of the edges of an entity, by grain, oldest first."""
    return EDGE + entity.encode() + b"/"


def bucket_start(grain: Grain, start_ms: int) -> bytes:
    """9 bytes that follow one of the prefixes above, or `BUCKET_BY_TIME`."""
    return GRAIN_BYTES[grain] + _TIME.pack(start_ms)


def name_prefix(name: str) -> bytes:
    """Of the nodes that have a word, or several, beginning so."""
    return NAME + name.casefold().encode()


def name_keys(name: str, entity: str, words_max: int = 8) -> list[bytes]:
    """One key for each of the first words of a name: the name from there on."""
    words = name.casefold().replace("\0", " ").split()
    tails = {" ".join(words[at:]) for at in range(min(len(words), words_max))}
    return [NAME + tail.encode() + b"\0" + entity.encode() for tail in sorted(tails)]


def member_prefix(sector: str) -> bytes:
    """Of the members of a sector, by id."""
    return MEMBER + sector.encode() + b"/"


def beginning_key(known_ms: int) -> bytes:
    """Later known times come first, so the first key from here on is the latest one up to this time."""
    return BEGINNING + _TIME.pack(TIME_MAX - known_ms)


def after_beginnings() -> bytes:
    """The lowest key above all beginnings."""
    return bytes([BEGINNING[0] + 1])


def parse_beginning_key(key: bytes) -> int:
    """The inverse of `beginning_key`: a known time in ms."""
    return TIME_MAX - int.from_bytes(key[1:], "big")


def parse_time(value: bytes) -> int:
    """The inverse of `time_bytes`."""
    return int.from_bytes(value, "big")


def pack_bucket(bucket: Packed) -> bytes:
    """64 bytes; raises `struct.error` if a sum exceeds 64 bits."""
    return _BUCKET.pack(*bucket)


def unpack_bucket(value: bytes) -> Packed:
    """The inverse of `pack_bucket`."""
    return _BUCKET.unpack(value)


def pack_edge(articles: int, weight: int, weighted: int) -> bytes:
    """24 bytes; raises `struct.error` if a sum exceeds 64 bits."""
    return _EDGE.pack(articles, weight, weighted)


def unpack_edge(value: bytes) -> Packed:
    """Articles, weight and weighted."""
    return _EDGE.unpack(value)


def pack_fact(fact: FactValue) -> bytes:
    """41 bytes, the signature and the model versions; raises `struct.error` if a number exceeds 64 bits."""
    told = fact.signature
    numbers = (fact.known_time, fact.mentions, fact.sentiment, fact.relevance, fact.polarity, len(told))
    return _FACT.pack(*numbers) + told + fact.models.encode()


def fact_signature(value: bytes) -> bytes:
    """That of a packed fact, empty for none."""
    return value[_FACT.size : _FACT.size + value[_FACT.size - 1]]


def unpack_fact(value: bytes) -> FactValue:
    """The inverse of `pack_fact`."""
    known_time, mentions, sentiment, relevance, polarity, told = _FACT.unpack_from(value)
    models = _FACT.size + told
    scores = (known_time, mentions, sentiment, relevance, polarity)
    return FactValue(*scores, value[models:].decode(), value[_FACT.size : models])
