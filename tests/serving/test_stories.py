"""Which facts are similar to earlier ones: against comparing all pairs, in any order of arrival."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.apply import Poll, apply_poll
from serving.keyspace import FactKey, FactValue, KnownFact
from serving.novelty import SIMILAR_WITHIN_MS, VOLUME_WITHIN_MS, Told
from serving.progress import Progress
from serving.queries import Question, repeat_counts
from serving.recent import Recent
from serving.repeats import pack_minutes, unpack_minutes
from serving.store import GraphWriter
from serving.stories import DAY_MS, Stories, age
from serving.windows import Window
from tests.oracles.graph import Article, Said, Upsert, fact_row
from tests.oracles.strategies import BASE_MS
from tests.oracles.twin import are_similar
from udfs.similarity import signature, signature_bytes

TOLD = ["alpha cuts its outlook", "alpha cuts its outlook for the year", "beta rises", "..."]
HOUR_MS = 3_600_000


def story(article: str, time_ms: int, text: str) -> KnownFact:
    value = FactValue(time_ms, 1, 0, 0, 0, "", signature_bytes(signature(text)))
    return KnownFact(FactKey("org:a", time_ms, "news", article), value)


@st.composite
def some_facts(draw: st.DrawFn) -> list[KnownFact]:
    times = st.one_of(st.sampled_from([0, DAY_MS, 3 * DAY_MS, 7 * DAY_MS, 8 * DAY_MS]), st.integers(0, 9 * DAY_MS))
    drawn = draw(st.lists(st.tuples(times, st.sampled_from(TOLD)), min_size=1, max_size=12))
    return [story(f"a{number}", BASE_MS + time, text) for number, (time, text) in enumerate(drawn)]


def earlier(facts: list[KnownFact], fact: KnownFact, within_ms: int) -> list[KnownFact]:
    near = (one for one in facts if age(one) < age(fact) and fact.key.event_time - one.key.event_time <= within_ms)
    return sorted(near, key=age)


def similar(facts: list[KnownFact], fact: KnownFact, within_ms: int) -> list[KnownFact]:
    own = fact.value.signature
    return [one for one in earlier(facts, fact, within_ms) if are_alike(one.value.signature, own)]


def are_alike(one: bytes, other: bytes) -> bool:
    different = (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
    return bool(one and other) and different <= 64


@given(some_facts(), st.randoms(use_true_random=False))
def test_what_came_before_a_fact(facts: list[KnownFact], chance: random.Random) -> None:
    told = Told(chance.sample(facts, len(facts)))
    for fact in facts:
        before = told.before(fact.key)
        assert before.similar == tuple(len(similar(facts, fact, within)) for within in SIMILAR_WITHIN_MS)
        assert before.volume == tuple(len(earlier(facts, fact, within)) for within in VOLUME_WITHIN_MS)
        nearest = next(iter(similar(facts, fact, 7 * DAY_MS)[::-1]), None)
        assert (before.nearest.key if before.nearest else None) == (nearest.key if nearest else None)
        assert before.first == first_of(facts, fact)


def first_of(facts: list[KnownFact], fact: KnownFact) -> FactKey:
    """Step by step to the latest similar one, within 7 days of the fact."""
    at = fact
    while steps := [one for one in similar(facts, at, 7 * DAY_MS) if one in [*earlier(facts, fact, 7 * DAY_MS)]]:
        at = steps[-1]
    return at.key


@given(some_facts(), st.integers(0, 9 * DAY_MS))
def test_repeats_from_a_time_on(facts: list[KnownFact], start: int) -> None:
    wanted = [fact for fact in facts if fact.key.event_time >= BASE_MS + start and similar(facts, fact, DAY_MS)]
    assert Stories(facts).repeats(BASE_MS + start) == sorted(fact.key.event_time for fact in wanted)


def test_a_chain_ends_after_seven_days() -> None:
    days = [story(f"a{day}", BASE_MS + day * DAY_MS, TOLD[0]) for day in range(0, 16, 5)]
    told = Told(days)
    assert [told.before(fact.key).first.article for fact in days] == ["a0", "a0", "a5", "a10"]
    nearest = told.before(days[1].key).nearest
    assert nearest is not None
    assert (nearest.similarity, nearest.before_ms) == (1.0, 5 * DAY_MS)


@given(st.lists(st.integers(0, 1_439), max_size=20))
def test_minutes_come_back(minutes: list[int]) -> None:
    assert list(unpack_minutes(pack_minutes(minutes))) == sorted(minutes)


def article(number: int, hours: float, text: str) -> Article:
    time_ms = BASE_MS + int(hours * HOUR_MS)
    return Article(f"a{number}", time_ms, time_ms, (Said("org:a", 1, 1),), text=text)


ARTICLES = [article(number, hours, TOLD[number % 3]) for number, hours in enumerate([0, 1, 2, 25, 26, 26.5, 30, 49])]


def counts(writer: GraphWriter) -> list[int]:
    return repeat_counts(writer.view(), ("org:a",), Question(Window(BASE_MS + 3 * DAY_MS, DAY_MS)), 3)


def repeats_of(articles: list[Article]) -> list[int]:
    found = [0, 0, 0]
    for one in articles:
        own = (one.event_time, one.article_id)
        before = [other for other in articles if (other.event_time, other.article_id) < own]
        near = [other for other in before if one.event_time - other.event_time <= DAY_MS]
        if any(are_similar(signature(other.text), signature(one.text)) for other in near):
            found[(one.event_time - BASE_MS) // DAY_MS] += 1
    return found


@settings(max_examples=40)
@given(st.permutations(ARTICLES), st.integers(1, len(ARTICLES)), st.sampled_from([0, 6, 100]))
def test_stored_repeats_do_not_depend_on_arrival(
    tmp_path_factory: pytest.TempPathFactory, arrived: list[Article], size: int, kept: int
) -> None:
    recent, rows = Recent(kept), [fact_row(one, one.said[0]) for one in arrived]
    with GraphWriter(tmp_path_factory.mktemp("store")) as writer:
        for at in range(0, len(rows), size):
            apply(writer, rows[at : at + size], recent)
            assert counts(writer) == repeats_of(arrived[: at + size])
        apply(writer, rows, recent)
        assert counts(writer) == repeats_of(ARTICLES)
        for at in range(0, len(rows), size):
            apply(writer, [Upsert(row.key, 2, {"deleted": True}) for row in rows[at : at + size]], recent)
            assert counts(writer) == repeats_of(arrived[at + size :])


def apply(writer: GraphWriter, rows: list[Upsert], recent: Recent) -> None:
    apply_poll(writer, Poll([row.record() for row in rows], {0: 1}), Progress("topic", {}), 1, recent)
