from hypothesis import given
from hypothesis import strategies as st

from udfs.spans import Span, Spans, disjoint

spans = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 30), st.integers(1, 8))


def overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


@given(st.lists(spans), spans)
def test_touching_finds_what_a_scan_finds(items: list[Span], asked: Span) -> None:
    kept = disjoint(items)
    assert list(kept.touching(asked.start, asked.end)) == [item for item in kept.items if overlap(item, asked)]


@given(st.lists(spans))
def test_the_longest_of_overlapping_stretches_is_kept(items: list[Span]) -> None:
    kept: list[Span] = []
    for item in sorted(items, key=lambda item: (item.start - item.end, item.start)):
        if not any(overlap(item, other) for other in kept):
            kept.append(item)
    assert disjoint(items).items == sorted(kept, key=lambda item: item.start)


def test_no_stretch_touches_an_empty_text() -> None:
    empty: list[Span] = []
    assert list(Spans(empty).touching(0, 5)) == []
