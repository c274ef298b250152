"""The generated graph: its sums are those that the job would have made."""

from collections import defaultdict
from itertools import groupby

from benchmarks.read_graph import END_MS, Size, buckets, edges, generate
from serving.keyspace import FactValue, Packed
from serving.windows import add, of_fact
from udfs.changelog import Grain
from udfs.edges import EdgeEnd, edge_terms

SIZE = Size(facts=600, entities=12, days=3)
FACTS = generate(SIZE)
COLUMNS = [
    column.tolist()
    for column in (
        FACTS.article,
        FACTS.entity,
        FACTS.time_ms,
        FACTS.mentions,
        FACTS.sentiment,
        FACTS.relevance,
        FACTS.polarity,
    )
]
ROWS = list(zip(*COLUMNS, strict=True))


def test_the_size_is_about_what_was_asked_for() -> None:
    assert 0.6 * SIZE.facts < len(ROWS) <= 1.5 * SIZE.facts
    assert {row[1] for row in ROWS} <= set(range(SIZE.entities))
    assert all(END_MS - SIZE.days * Grain.DAY.length_ms <= row[2] < END_MS for row in ROWS)
    assert len({row[:2] for row in ROWS}) == len(ROWS)


def test_buckets_are_sums_of_facts() -> None:
    for grain in Grain:
        expected: dict[tuple[int, int], Packed] = {}
        for _, entity, time_ms, mentions, sentiment, relevance, polarity in ROWS:
            key = (entity, time_ms - time_ms % grain.length_ms)
            fact = of_fact(FactValue(time_ms, mentions, sentiment, relevance, polarity, ""))
            expected[key] = add(expected[key], fact) if key in expected else fact
        assert {(one[0], one[2]): tuple(one[3]) for one in buckets(FACTS, grain).rows()} == expected


def test_edges_are_sums_of_articles() -> None:
    expected: dict[tuple[int, int], Packed] = defaultdict(lambda: (0, 0, 0))
    for _, members in groupby(ROWS, key=lambda row: row[0]):
        ends = [EdgeEnd(f"{row[1]:02d}", row[5], row[4]) for row in members]
        for term in edge_terms(ends).terms:
            key = (int(term.a), int(term.b))
            expected[key] = add(expected[key], (1, term.weight, term.weighted))
    found: dict[tuple[int, int], Packed] = defaultdict(lambda: (0, 0, 0))
    for a, b, _, sums in edges(FACTS, Grain.HOUR).rows():
        found[a, b] = add(found[a, b], tuple(sums))
    assert found == expected
