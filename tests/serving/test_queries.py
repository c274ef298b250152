import math
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.mentions import mention_page
from serving.neighbors import Bounds, neighbors
from serving.queries import HISTORY, Question, Score, article_count, first_event_ms, score, series
from serving.store import GraphReader, View
from serving.subjects import find_subject
from serving.top import Filter, top
from serving.ways import Reach, TooManyEdgesError, expand
from serving.windows import MINUTE_MS, Window
from tests.oracles import graph
from tests.oracles.graph import Article, Said
from tests.oracles.strategies import ARTICLES, BASE_MS, DAY_MS, ENTITIES
from tests.serving.filling import fill_store
from udfs.records import MICRO

LENGTHS = st.one_of(st.sampled_from([5, 60, 1440, 7 * 1440]), st.integers(1, 6_000)).map(lambda n: n * MINUTE_MS)
ENDS = st.integers(0, 5 * 1440).map(lambda n: BASE_MS + n * MINUTE_MS)
KNOWN = st.one_of(st.none(), st.integers(0, 6 * DAY_MS).map(lambda offset: BASE_MS + offset))
QUESTIONS = st.builds(Question, st.builds(Window, ENDS, LENGTHS), KNOWN)
SLOW = settings(max_examples=12)


def known(articles: list[Article], question: Question) -> list[Article]:
    limit = math.inf if question.known_at_ms is None else question.known_at_ms
    return [article for article in articles if article.known_time <= limit]


def check_score(found: Score, articles: list[Article], question: Question) -> None:
    window, entity = question.window, found.node.entity
    facts = graph.facts_of(known(articles, question), entity, window.start_ms, window.end_ms)
    assert astuple(found.sums) == graph.totals(facts)
    first = min(article.event_time for article in known(articles, question)) // MINUTE_MS * MINUTE_MS
    before = [window.before(back) for back in range(1, HISTORY + 1)]
    counts = [
        len(graph.facts_of(known(articles, question), entity, one.start_ms, one.end_ms))
        for one in before
        if one.start_ms >= first
    ]
    assert found.zscore == pytest.approx(graph.zscore(counts, len(facts)))


@SLOW
@given(ARTICLES, QUESTIONS)
def test_scores_are_those_of_the_twin(articles: list[Article], question: Question) -> None:
    with TemporaryDirectory() as directory, GraphReader(fill_store(Path(directory) / "g", articles)) as reader:
        view = reader.view()
        first = first_event_ms(view, question, view.progress())
        for entity in ENTITIES:
            subject = find_subject(view, entity, question.known_at_ms)
            facts = [said for one in known(articles, question) for said in one.said if said.entity == entity]
            assert (subject is None) == (not facts)
            if subject is not None:
                check_score(score(view, subject, question, first), articles, question)
                check_mentions(view, entity, articles, question)


def check_mentions(view: View, entity: str, articles: list[Article], question: Question) -> None:
    window = question.window
    inside = [one for one in known(articles, question) if window.start_ms <= one.event_time < window.end_ms]
    naming = [one for one in inside if entity in {said.entity for said in one.said}]
    expected = sorted(naming, key=lambda one: (-one.event_time, one.topic, one.article_id))
    found: list[str] = []
    after: bytes | None = None
    while True:
        page = mention_page(view, entity, question, 2, after)
        assert len(page.facts) <= 2
        found += [fact.article for fact in page.facts]
        after = page.last_key
        if after is None:
            break
    assert found == [one.article_id for one in expected]


@SLOW
@given(ARTICLES, QUESTIONS)
def test_top_and_neighbors_are_those_of_the_twin(articles: list[Article], question: Question) -> None:
    window = question.window
    inside = [one for one in known(articles, question) if window.start_ms <= one.event_time < window.end_ms]
    sums = {entity: graph.totals(graph.facts_of(inside, entity, 0, 2**62)) for entity in ENTITIES}
    ranked = sorted(sums, key=lambda entity: (-sums[entity][0], -sums[entity][2], entity))
    with TemporaryDirectory() as directory, GraphReader(fill_store(Path(directory) / "g", articles)) as reader:
        view = reader.view()
        expected = [one for one in ranked if sums[one][0]]
        assert [subject.node.entity for subject in top(view, question, Filter(), None)] == expected
        assert [subject.node.entity for subject in top(view, question, Filter("ORG"), 2)] == expected[:2]
        assert top(view, question, Filter("PER"), None) == []
        for entity in ENTITIES:
            found = {
                one.node.entity: (one.articles, one.weight, one.weighted)
                for one in neighbors(view, entity, question, None)
            }
            assert found == twin_neighbors(inside, entity)
            weights = [(-weight, other) for other, (_, weight, _) in found.items()]
            assert weights == sorted(weights)


def twin_neighbors(articles: list[Article], entity: str) -> dict[str, tuple[int, int, int]]:
    found: dict[str, tuple[int, int, int]] = {}
    for article in articles:
        for pair, (weight, weighted) in graph.joined(article).items():
            if entity in pair:
                other = pair[1] if pair[0] == entity else pair[0]
                count, heavy, sentiment = found.get(other, (0, 0, 0))
                found[other] = (count + 1, heavy + weight, sentiment + weighted)
    return found


@SLOW
@given(ARTICLES, QUESTIONS, st.integers(1, 12))
def test_a_series_is_its_windows_one_by_one(articles: list[Article], question: Question, count: int) -> None:
    with TemporaryDirectory() as directory, GraphReader(fill_store(Path(directory) / "g", articles)) as reader:
        view = reader.view()
        subject = find_subject(view, articles[0].said[0].entity)
        assert subject is not None
        first = first_event_ms(view, question, view.progress())
        points = series(view, subject, question, count, first)
        for back, point in enumerate(reversed(points)):
            assert point.window == question.window.before(back)
            alone = Question(point.window, question.known_at_ms)
            assert point == score(view, subject, alone, first)


def test_a_question_over_too_many_edges_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tuple(Said(f"org:{letter}", MICRO, 0) for letter in "abcd")
    asked = Question(Window(BASE_MS + MINUTE_MS, MINUTE_MS))
    with GraphReader(fill_store(tmp_path / "g", [Article("x", BASE_MS, BASE_MS, said)])) as reader:
        assert len(expand(reader.view(), "org:a", asked, Reach(Bounds(), 5), 9).reached) == 3
        monkeypatch.setattr("serving.ways.EDGES_MAX", 6)
        with pytest.raises(TooManyEdgesError, match="more than 6 edges"):
            expand(reader.view(), "org:a", asked, Reach(Bounds(), 5), 9)


def test_scores_of_two_facts(tmp_path: Path) -> None:
    said = [Said("org:a", 800_000, 500_000, 1, 2), Said("org:a", 200_000, -1_000_000, -1, 1)]
    articles = [Article(f"x{n}", BASE_MS + n, BASE_MS + n, (one,)) for n, one in enumerate(said)]
    with GraphReader(fill_store(tmp_path / "g", articles)) as reader:
        view = reader.view()
        subject = find_subject(view, "org:a")
        assert subject is not None
        found = score(view, subject, Question(Window(BASE_MS + MINUTE_MS, MINUTE_MS)), BASE_MS)
        assert (found.sums.articles, found.sums.mentions) == (2, 3)
        assert found.sums.sentiment == pytest.approx((0.4 - 0.2) / 1.0)
        assert found.sums.sentiment_stddev == pytest.approx(math.sqrt(0.2 + 0.2 - 0.04))
        assert found.sums.relevance == pytest.approx(0.5)
        assert found.models == "ner=1 sentiment=1"
        assert article_count(view, "org:a", None, None) == 2


def test_without_weight_there_is_no_sentiment(tmp_path: Path) -> None:
    articles = [Article("x", BASE_MS, BASE_MS, (Said("org:a", 0, MICRO, 1),))]
    with GraphReader(fill_store(tmp_path / "g", articles)) as reader:
        view = reader.view()
        subject = find_subject(view, "org:a")
        assert subject is not None
        found = score(view, subject, Question(Window(BASE_MS + MINUTE_MS, MINUTE_MS)), BASE_MS)
        assert (found.sums.sentiment, found.sums.sentiment_stddev, found.sums.relevance) == (None, None, 0.0)
