"""What the applier keeps of the latest stories: bounded, and forgotten where it might be wrong."""

from pathlib import Path

from serving.apply import Poll, apply_poll
from serving.erasures import Erasure
from serving.keyspace import FactKey, FactValue, KnownFact
from serving.progress import Progress
from serving.recent import ENTITY_SIZE, FactsChange, Recent, RecentStories
from serving.side import Side
from serving.store import GraphWriter
from serving.stories import DAY_MS, Age, age
from tests.oracles.graph import Article, Said, fact_row
from tests.oracles.strategies import BASE_MS
from udfs.similarity import signature, signature_bytes

HOUR_MS = DAY_MS // 24
TOLD = signature_bytes(signature("alpha cuts its outlook"))


def fact(hours: int, entity: str = "org:a") -> KnownFact:
    time_ms = BASE_MS + hours * HOUR_MS
    return KnownFact(FactKey(entity, time_ms, "news", f"a{hours}"), FactValue(time_ms, 1, 0, 0, 0, "", TOLD))


def test_memory_is_bounded_by_entities_and_by_days(tmp_path: Path) -> None:
    recent = Recent(size_max=60)
    with GraphWriter(tmp_path) as writer:
        for hours in range(400):
            entity = f"org:{hours % 7}"
            recent.change(writer.view(), entity, FactsChange(come=[fact(hours, entity)]))
            assert recent.size <= 60
        assert recent.size


def test_one_entity_keeps_two_to_three_days(tmp_path: Path) -> None:
    recent = Recent()
    with GraphWriter(tmp_path) as writer:
        for hours in range(0, 1_000, 2):
            recent.change(writer.view(), "org:a", FactsChange(come=[fact(hours)]))
    assert 24 <= recent.size - ENTITY_SIZE <= 37


def test_a_fact_older_than_all_that_is_kept_is_compared_with_the_store(tmp_path: Path) -> None:
    recent = Recent()
    with GraphWriter(tmp_path) as writer:
        recent.change(writer.view(), "org:a", FactsChange(come=[fact(200)]))
        assert not recent.change(writer.view(), "org:a", FactsChange(come=[fact(10)]))
        # The store knows nothing of both, as nothing wrote them.
        assert not recent.change(writer.view(), "org:a", FactsChange(come=[fact(209)]))


def test_an_erasure_forgets_all(tmp_path: Path) -> None:
    time_ms, recent = BASE_MS, Recent()
    article = Article("a1", time_ms, time_ms, (Said("org:a", 1, 1),), text="alpha cuts its outlook")
    with GraphWriter(tmp_path) as writer:
        record = fact_row(article, article.said[0]).record()
        progress = apply_poll(writer, Poll([record], {0: 1}), Progress("topic", {}), 1, recent).progress
        assert recent.size == 1 + ENTITY_SIZE
        apply_poll(writer, Poll([], {0: 1}, Side(erasures=[Erasure("org:b", 5)])), progress, 1, recent)
        assert recent.size == 0


def test_what_is_taken_away_is_no_longer_repeated() -> None:
    ages: list[Age] = [age(fact(hours)) for hours in (0, 1, 30)]
    stories = RecentStories(BASE_MS, dict.fromkeys(ages, TOLD))
    assert list(stories.repeats_with(age(fact(20)), TOLD)) == [age(fact(20))[0], age(fact(30))[0]]
    stories.remove(ages[0])
    stories.remove(ages[1])
    stories.remove(ages[1])
    assert stories.size == 1 + ENTITY_SIZE
    assert list(stories.repeats_with(age(fact(20)), TOLD)) == [age(fact(30))[0]]
    assert not list(stories.repeats_with(age(fact(20)), b""))
