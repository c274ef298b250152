"""What the applier keeps of the latest stories: bounded, and forgotten where it might be wrong."""

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from serving.apply import Poll, apply_poll
from serving.erasures import Erasure
from serving.keyspace import FactKey, FactValue, KnownFact
from serving.progress import Progress
from serving.recent import ENTITY_SIZE, FactsChange, Recent, RecentStories
from serving.side import Side
from serving.store import GraphWriter
from serving.stories import DAY_MS, Age, Stories, age
from tests.oracles.graph import Article, Said, fact_row
from tests.oracles.strategies import BASE_MS
from udfs.similarity import signature, signature_bytes

HOUR_MS = DAY_MS // 24
TEXTS = ("alpha cuts its outlook", "alpha cuts its outlook again", "beta sues gamma over patents")
TOLD = signature_bytes(signature(TEXTS[0]))


def fact(hours: int, entity: str = "org:a", told: bytes = TOLD) -> KnownFact:
    time_ms = BASE_MS + hours * HOUR_MS
    return KnownFact(FactKey(entity, time_ms, "news", f"a{hours}"), FactValue(time_ms, 1, 0, 0, 0, "", told))


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
    assert stories.add(age(fact(20)), TOLD) == [age(fact(20))[0], age(fact(30))[0]]
    assert not stories.add(age(fact(19)), b"")
    assert not stories.remove(age(fact(19)), TOLD)
    assert stories.remove(ages[0], TOLD) == [ages[1][0]]
    assert stories.remove(ages[1], TOLD) == [age(fact(20))[0]]
    assert stories.size == 2 + ENTITY_SIZE
    assert stories.remove(age(fact(20)), TOLD) == [age(fact(30))[0]]


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(TEXTS), st.booleans()), max_size=60))
def test_repeats_are_those_of_all_facts_at_once(steps: list[tuple[int, str, bool]]) -> None:
    held = {age(one): one for one in (fact(hours) for hours in (3, 9))}
    stories = RecentStories(0, {key: one.value.signature for key, one in held.items()})
    repeats = Counter(Stories(held.values()).repeats())
    for hours, text, comes in steps:
        one = fact(hours, told=signature_bytes(signature(text)))
        if comes and age(one) not in held:
            held[age(one)] = one
            repeats.update(stories.add(age(one), one.value.signature))
        elif not comes and age(one) in held:
            gone = held.pop(age(one))
            repeats.subtract(stories.remove(age(gone), gone.value.signature))
        assert +repeats == Counter(Stories(held.values()).repeats())
