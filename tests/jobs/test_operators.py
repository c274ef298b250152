"""The operator of the news job on a state of its own: what it yields for each kind of record."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from pyflink.common.time import Instant

from jobs import operators
from jobs.operators import READING_TYPE, ReadArticle
from udfs.reading import Reader
from udfs.records import Entity, EntityType, LinkedEntity, Mention, Sentiment
from udfs.replaying import DAY_MS, EVERYTHING, FORGET_AFTER_MS, EventRange
from udfs.similarity import signature
from udfs.text_scores import TextScores

ACME = Entity("org:acme", "Acme", EntityType.ORG)


class Stages:
    """Every stage of a reading: the word Acme is a company."""

    def find(self, text: str) -> tuple[Mention, ...]:
        at = text.find("Acme")
        return (Mention(at, at + 4, "Acme", EntityType.ORG),) if at >= 0 else ()

    def link(self, _text: str, mentions: Sequence[Mention]) -> tuple[LinkedEntity, ...]:
        return (LinkedEntity(ACME, tuple(mentions)),) if mentions else ()


class Moods:
    """All is well."""

    def score(self, _text: str, spans: Sequence[tuple[int, int]]) -> TextScores:
        return TextScores(tuple(Sentiment(0.0, 0.0, 1.0) for _ in spans), "Markets")


class Weights:
    """All is what a text is about."""

    def score(self, _headline: str, _text: str, entities: Sequence[object]) -> tuple[float, ...]:
        return tuple(1.0 for _ in entities)


class Value:
    """Flink's value state of one key."""

    held: int | None = None

    def value(self) -> int | None:
        return self.held

    def update(self, value: int) -> None:
        self.held = value


class Map(dict[str, int]):
    """Flink's map state of one key."""

    def contains(self, key: str) -> bool:
        return key in self

    def put(self, key: str, value: int) -> None:
        self[key] = value

    def remove(self, key: str) -> None:
        del self[key]


class Job:
    """The operator with its state, as one input partition's."""

    def __init__(self, kept: EventRange = EVERYTHING) -> None:
        self.operator: Any = ReadArticle(None, kept)
        self.seen = Map()
        reader = Reader(Stages(), Stages(), Moods(), Weights(), "ner=1")
        vars(self.operator).update(_reader=reader, _seen=self.seen, _latest=Value())

    def rows(self, value: bytes | None, time_ms: int) -> list[Any]:
        record = [value, "news", 0, 17, Instant.of_epoch_milli(time_ms)]
        return list(self.operator.process_element(record, None))

    def read(self, value: bytes | None, time_ms: int) -> dict[str, Any]:
        (row,) = self.rows(value, time_ms)
        names = READING_TYPE.get_field_names()
        assert len(row) == len(names)
        return dict(zip(names, row, strict=True))

    def article(self, article_id: str, time_ms: int, headline: str = "Acme rises") -> dict[str, Any]:
        value = {"id": article_id, "published_at": time_ms, "headline": headline}
        return self.read(json.dumps(value).encode(), time_ms)


def test_an_article_with_entities() -> None:
    row = Job().article("a", DAY_MS)
    assert (row["outcome"], row["article"], row["models"], row["offset"]) == (operators.ARTICLE, "a", "ner=1", 17)
    (fact,) = row["facts"]
    assert list(fact)[:5] == ["org:acme", "Acme", "ORG", "", 1]
    assert list(fact)[-2:] == [0, 1_000_000]
    assert (row["event_topic"], row["signature"]) == ("Markets", signature("Acme rises"))
    assert row["reason"] is None


def test_an_article_without_entities() -> None:
    row = Job().article("a", DAY_MS, "Nothing")
    assert (row["outcome"], row["facts"], row["edges"]) == (operators.EMPTY, [], [])


def test_the_second_of_two_is_a_duplicate_whatever_it_says() -> None:
    job = Job()
    job.article("a", DAY_MS)
    row = job.article("a", DAY_MS + 1, "Acme falls")
    assert (row["outcome"], row["facts"]) == (operators.DUPLICATE, None)


@pytest.mark.parametrize("value", [None, b"x" * 10_000])
def test_a_dead_letter_carries_what_was_refused(value: bytes | None) -> None:
    row = Job().read(value, DAY_MS)
    assert row["outcome"] == operators.DEAD_LETTER
    assert row["reason"]
    assert len(row["payload"]) <= 5_464
    assert len(row["payload_sha256"]) == 64


def test_a_time_far_ahead_of_its_record_is_refused() -> None:
    value = {"id": "a", "published_at": 3 * DAY_MS, "headline": "Acme rises"}
    assert Job().read(json.dumps(value).encode(), DAY_MS)["reason"] == "future_time"


def test_a_late_record_counts_and_says_how_late() -> None:
    job = Job()
    job.article("a", DAY_MS)
    row = job.article("b", DAY_MS - 60_001)
    assert (row["outcome"], row["lateness_ms"]) == (operators.ARTICLE, 60_001)


def test_a_live_job_forgets_ids_of_long_ago() -> None:
    job = Job()
    job.article("old", DAY_MS)
    job.article("young", 3 * DAY_MS)
    job.article("now", DAY_MS + FORGET_AFTER_MS + DAY_MS)
    assert set(job.seen) == {"young", "now"}


def item(article_id: str, time_ms: int) -> bytes:
    return json.dumps({"id": article_id, "published_at": time_ms, "headline": "Acme rises"}).encode()


def test_a_replay_notes_what_lies_outside_of_its_range_and_yields_nothing() -> None:
    job = Job(EventRange(2 * DAY_MS, 3 * DAY_MS))
    assert job.rows(item("before", 2 * DAY_MS - 1), DAY_MS) == []
    assert job.rows(item("after", 3 * DAY_MS), DAY_MS * 3) == []
    assert job.rows(b"no json", 2 * DAY_MS - 1) == []
    assert job.article("before", 2 * DAY_MS)["outcome"] == operators.DUPLICATE
    late = job.article("first", 2 * DAY_MS)
    assert (late["outcome"], late["lateness_ms"]) == (operators.ARTICLE, DAY_MS)
    assert job.read(b"no json", 3 * DAY_MS - 1)["outcome"] == operators.DEAD_LETTER
